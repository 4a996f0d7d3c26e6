package io.fanfare.api.json;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads the fields of an object in a body by their {@link Rule}s. What does not meet its
 * rule is noted as an error and read as null, so that reading goes on. A field that is
 * JSON null, an empty text or an empty list is read as absent: generated clients send
 * such fields for what was not set.
 */
public final class Fields {

	private final ObjectNode object;

	private final String pointer;

	private final FieldErrors errors;

	Fields(ObjectNode object, String pointer, FieldErrors errors) {
		this.object = object;
		this.pointer = pointer;
		this.errors = errors;
	}

	/**
	 * A list item as an object.
	 * @param item the item
	 * @param errors what takes the errors
	 * @return its fields, or null if it is no object
	 */
	public static @Nullable Fields of(Item item, FieldErrors errors) {
		return of(item.value(), item.pointer(), errors);
	}

	private static @Nullable Fields of(JsonNode value, String pointer, FieldErrors errors) {
		if (value instanceof ObjectNode object) {
			return new Fields(object, pointer, errors);
		}
		errors.add(pointer, "must be an object");
		return null;
	}

	/**
	 * An item of a list.
	 *
	 * @param pointer where it stands
	 * @param value what it is
	 */
	public record Item(String pointer, JsonNode value) {

	}

	/**
	 * Refuses fields that the object does not have.
	 * @param shape what the object is
	 * @return these fields
	 */
	public Fields allow(Rule.Shape shape) {
		Set<String> known = shape.names();
		for (String name : this.object.propertyNames()) {
			if (!known.contains(name)) {
				if (this.errors.isFull()) {
					return this;
				}
				this.errors.add(FieldErrors.pointer(this.pointer, name),
						"is no field here; known are " + String.join(", ", known));
			}
		}
		return this;
	}

	/**
	 * Where the object stands.
	 * @return a JSON pointer
	 */
	public String pointer() {
		return this.pointer;
	}

	/**
	 * Where a field stands.
	 * @param field the field
	 * @return a JSON pointer
	 */
	public String pointer(Field<?> field) {
		return FieldErrors.pointer(this.pointer, field.name());
	}

	/**
	 * Notes an error of a field.
	 * @param field the field
	 * @param detail what is wrong
	 */
	public void refuse(Field<?> field, String detail) {
		this.errors.add(pointer(field), detail);
	}

	private static boolean isEmpty(JsonNode value) {
		return value.isString() ? value.stringValue().isEmpty() : value instanceof ArrayNode array && array.isEmpty();
	}

	/**
	 * The value of a field; null if it is absent or JSON null, or empty where it is
	 * required, which is noted.
	 */
	private @Nullable JsonNode find(Field<?> field) {
		JsonNode value = this.object.get(field.name());
		if (value != null && value.isNull()) {
			value = null;
		}
		if (field.required() && (value == null || isEmpty(value))) {
			refuse(field, (value != null) ? "is required and must not be empty" : "is required");
			return null;
		}
		return value;
	}

	/**
	 * A value without parts.
	 * @param <T> its type
	 * @param field the field
	 * @return the value, or null if there is none
	 */
	public <T> @Nullable T read(Field<? extends Rule.Value<T>> field) {
		JsonNode value = find(field);
		if (value == null || field.rule().isText() && value.isString() && value.stringValue().isEmpty()) {
			return null;
		}
		T read = field.rule().read(value);
		if (read == null) {
			refuse(field, field.rule().refusal(value));
		}
		return read;
	}

	/**
	 * A field of any kind that must be there, be it null or empty.
	 * @param field the field
	 * @return its value, or null if it is not there, which is noted
	 */
	public @Nullable JsonNode any(Field<Rule.Any> field) {
		JsonNode value = this.object.get(field.name());
		if (value == null) {
			refuse(field, "is required");
		}
		return value;
	}

	/**
	 * An object. Other fields than its own are refused.
	 * @param field the field
	 * @return its fields, or null if there is none
	 */
	public @Nullable Fields object(Field<? extends Rule.Shape> field) {
		JsonNode value = find(field);
		Fields object = (value != null) ? of(value, pointer(field), this.errors) : null;
		return (object != null) ? object.allow(field.rule()) : null;
	}

	/**
	 * A list.
	 * @param field the field
	 * @return its items, or null if there are none or too many
	 */
	public @Nullable List<Item> items(Field<? extends Rule.Items<?>> field) {
		ArrayNode array = array(field);
		if (array == null) {
			return null;
		}
		String parent = pointer(field) + "/";
		List<Item> items = new ArrayList<>(array.size());
		for (int i = 0; i < array.size(); i++) {
			items.add(new Item(parent + i, array.get(i)));
		}
		return items;
	}

	/**
	 * A list of values without parts.
	 * @param <T> their type
	 * @param field the field
	 * @return those that meet their rule, or null if there are no items or too many
	 */
	public <T> @Nullable List<T> values(Field<? extends Rule.Items<? extends Rule.Value<T>>> field) {
		ArrayNode array = array(field);
		if (array == null) {
			return null;
		}
		Rule.Value<T> rule = field.rule().item();
		String repeated = field.rule().repeated();
		List<T> values = new ArrayList<>(array.size());
		Set<T> seen = (repeated != null) ? HashSet.newHashSet(array.size()) : Set.of();
		for (int i = 0; i < array.size(); i++) {
			JsonNode item = array.get(i);
			T value = rule.read(item);
			if (value == null) {
				this.errors.add(pointer(field) + "/" + i, rule.refusal(item));
			}
			else if (repeated != null && !seen.add(value)) {
				this.errors.add(pointer(field) + "/" + i, repeated);
			}
			else {
				values.add(value);
			}
		}
		return values;
	}

	private @Nullable ArrayNode array(Field<? extends Rule.Items<?>> field) {
		JsonNode value = find(field);
		if (value == null) {
			return null;
		}
		if (!(value instanceof ArrayNode array)) {
			refuse(field, "must be a list");
			return null;
		}
		int max = field.rule().max();
		if (array.size() > max) {
			refuse(field, "must have 1 to " + max + " items, has " + array.size());
			return null;
		}
		return array.isEmpty() ? null : array;
	}

	/**
	 * Checks that exactly one of the choices is given, and notes an error if not. One
	 * that is null, empty or false counts as absent.
	 * @param rule the choices
	 * @param refusal what is said otherwise
	 * @return whether one is
	 */
	public boolean hasExactlyOne(Rule.ExactlyOne rule, String refusal) {
		int given = 0;
		for (Rule.Plain choice : rule.choices()) {
			Field<?> field = choice.fields().getFirst();
			given += isGiven(field) ? 1 : 0;
		}
		if (given != 1) {
			this.errors.add(this.pointer,
					refusal + ((given == 0) ? "; null, empty and all: false count as absent" : ""));
		}
		return given == 1;
	}

	private boolean isGiven(Field<?> field) {
		JsonNode value = this.object.get(field.name());
		boolean has = value != null && !value.isNull() && !isEmpty(value);
		return has && !(field.rule() instanceof Rule.Truth && value.isBoolean() && !value.booleanValue());
	}

}
