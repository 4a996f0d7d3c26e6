package io.fanfare.api.json;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.POJONode;
import tools.jackson.databind.util.RawValue;

/**
 * The fields of an object in a body. What is not as expected is noted as a flaw and read
 * as null, so that reading goes on. A field that is JSON null, an empty text or an empty
 * list is read as absent: generated clients send such fields for what was not set.
 */
public final class Fields {

	/** Fits into an int. */
	private static final Pattern WHOLE = Pattern.compile("-?[0-9]{1,9}");

	private final ObjectNode object;

	private final String pointer;

	private final Flaws flaws;

	Fields(ObjectNode object, String pointer, Flaws flaws) {
		this.object = object;
		this.pointer = pointer;
		this.flaws = flaws;
	}

	/**
	 * A list item as an object.
	 * @param item the item
	 * @param flaws what takes the flaws
	 * @return its fields, or null if it is no object
	 */
	public static @Nullable Fields of(Item item, Flaws flaws) {
		if (item.value() instanceof ObjectNode object) {
			return new Fields(object, item.pointer(), flaws);
		}
		flaws.add(item.pointer(), "must be an object");
		return null;
	}

	/**
	 * An item of a list.
	 *
	 * @param pointer where it stands
	 * @param value what it is
	 */
	public record Item(String pointer, JsonNode value) {

		/**
		 * The item as a text.
		 * @param flaws what takes the flaw if it is none
		 * @return the text, or null
		 */
		public @Nullable String text(Flaws flaws) {
			if (this.value.isString()) {
				return this.value.stringValue();
			}
			flaws.add(this.pointer, "must be a string");
			return null;
		}

	}

	/**
	 * Refuses all other fields.
	 * @param names the fields there may be
	 * @return these fields
	 */
	public Fields allow(String... names) {
		List<String> known = List.of(names);
		for (String name : this.object.propertyNames()) {
			if (this.flaws.isFull()) {
				return this;
			}
			if (!known.contains(name)) {
				this.flaws.add(Flaws.pointer(this.pointer, name),
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
	 * @param name its name
	 * @return a JSON pointer
	 */
	public String pointer(String name) {
		return Flaws.pointer(this.pointer, name);
	}

	/**
	 * Tells whether a field has a value: it is neither absent nor null nor empty.
	 * @param name its name
	 * @return whether it has
	 */
	public boolean has(String name) {
		JsonNode value = this.object.get(name);
		return value != null && !value.isNull() && !isEmpty(value);
	}

	private static boolean isEmpty(JsonNode value) {
		return value.isString() ? value.stringValue().isEmpty() : value instanceof ArrayNode array && array.isEmpty();
	}

	/** The value of a field, or null if it is absent or JSON null. */
	private @Nullable JsonNode find(String name) {
		JsonNode value = this.object.get(name);
		return (value != null && !value.isNull()) ? value : null;
	}

	/**
	 * Notes a flaw of a field.
	 * @param name its name
	 * @param detail what is wrong
	 */
	public void refuse(String name, String detail) {
		this.flaws.add(pointer(name), detail);
	}

	/**
	 * A field of any kind that must be there, be it null or empty.
	 * @param name its name
	 * @return its value, or null if it is not there, which is noted
	 */
	public @Nullable JsonNode value(String name) {
		JsonNode value = this.object.get(name);
		if (value == null) {
			refuse(name, "is required");
		}
		return value;
	}

	/**
	 * A field that must have a value.
	 * @param name its name
	 * @return whether it has; if not, that is noted
	 */
	public boolean require(String name) {
		if (!has(name)) {
			refuse(name, (find(name) != null) ? "is required and must not be empty" : "is required");
			return false;
		}
		return true;
	}

	/**
	 * A text.
	 * @param name its name
	 * @return the text, or null if there is none
	 */
	public @Nullable String text(String name) {
		JsonNode value = find(name);
		if (value == null) {
			return null;
		}
		String text = new Item(pointer(name), value).text(this.flaws);
		return (text != null && !text.isEmpty()) ? text : null;
	}

	/**
	 * A truth value.
	 * @param name its name
	 * @return the value, or null if there is none
	 */
	public @Nullable Boolean truth(String name) {
		JsonNode value = find(name);
		if (value == null || value.isBoolean()) {
			return (value != null) ? value.booleanValue() : null;
		}
		refuse(name, "must be true or false");
		return null;
	}

	/**
	 * A whole number.
	 * @param name its name
	 * @param min the least it may be
	 * @param max the most it may be
	 * @return the number, or null if there is none
	 */
	public @Nullable Integer number(String name, int min, int max) {
		JsonNode value = find(name);
		if (value == null) {
			return null;
		}
		// Numbers are kept as they were written.
		String text = (value instanceof POJONode node && node.getPojo() instanceof RawValue raw)
				? String.valueOf(raw.rawValue()) : "";
		if (WHOLE.matcher(text).matches() && Integer.parseInt(text) >= min && Integer.parseInt(text) <= max) {
			return Integer.valueOf(text);
		}
		refuse(name, "must be a whole number from " + min + " to " + max);
		return null;
	}

	/**
	 * A time span, ISO-8601.
	 * @param name its name
	 * @param min the shortest it may be
	 * @param max the longest it may be
	 * @return the span, or null if there is none
	 */
	public @Nullable Duration duration(String name, Duration min, Duration max) {
		String text = text(name);
		if (text == null) {
			return null;
		}
		try {
			Duration duration = Duration.parse(text);
			if (duration.compareTo(min) >= 0 && duration.compareTo(max) <= 0) {
				return duration;
			}
			refuse(name, "must be from " + min + " to " + max);
		}
		catch (DateTimeParseException ex) {
			refuse(name, "must be an ISO-8601 duration such as PT1H");
		}
		return null;
	}

	/**
	 * An object.
	 * @param name its name
	 * @return its fields, or null if there is none
	 */
	public @Nullable Fields object(String name) {
		JsonNode value = find(name);
		return (value != null) ? of(new Item(pointer(name), value), this.flaws) : null;
	}

	/**
	 * A list.
	 * @param name its name
	 * @param max how many items it may have
	 * @return its items, or null if there are none or too many
	 */
	public @Nullable List<Item> list(String name, int max) {
		JsonNode value = find(name);
		if (value == null) {
			return null;
		}
		if (!(value instanceof ArrayNode array)) {
			refuse(name, "must be a list");
			return null;
		}
		if (array.isEmpty()) {
			return null;
		}
		if (array.size() > max) {
			refuse(name, "must have 1 to " + max + " items, has " + array.size());
			return null;
		}
		String parent = pointer(name) + "/";
		List<Item> items = new ArrayList<>(array.size());
		for (int i = 0; i < array.size(); i++) {
			items.add(new Item(parent + i, array.get(i)));
		}
		return items;
	}

}
