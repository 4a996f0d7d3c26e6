package io.fanfare.api.openapi;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.fanfare.api.json.Field;
import io.fanfare.api.json.Rule;
import io.swagger.v3.core.util.Json31;
import io.swagger.v3.oas.models.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Makes the schemas of the OpenAPI document, which are JSON Schema of 2020-12, from the
 * rules by which requests are read. A field that may be left out may be null or empty.
 */
final class RuleSchemas {

	/**
	 * Durations of days, hours, minutes and seconds; the shortest and the longest stand
	 * in words beside it.
	 */
	private static final String MOMENT = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z";

	private static final String SPAN = "P(?=.)([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+([.,][0-9]{1,9})?S)?)?";

	private static final String REFERENCE = "#/components/schemas/";

	private final Map<String, Map<String, Object>> named = new LinkedHashMap<>();

	private RuleSchemas() {
	}

	/**
	 * Makes the schemas.
	 * @param rules what stands in the document by itself
	 * @return the schemas by their names, those of parts included
	 * @throws IllegalStateException if two that differ have one name
	 */
	static Map<String, Schema<?>> of(List<Rule> rules) {
		RuleSchemas schemas = new RuleSchemas();
		rules.forEach((rule) -> schemas.schema(rule, true));
		Map<String, Schema<?>> all = new TreeMap<>();
		schemas.named.forEach((name, schema) -> all.put(name, Json31.mapper().convertValue(schema, Schema.class)));
		return all;
	}

	/** The schema of a value, or a reference to it. */
	private Map<String, Object> schema(Rule rule, boolean required) {
		String name = rule.about().schema();
		if (name == null) {
			return described(rule, required);
		}
		return named(name, described(rule, required));
	}

	private Map<String, Object> named(String name, Map<String, Object> schema) {
		Map<String, Object> before = this.named.putIfAbsent(name, schema);
		if (before != null && !before.equals(schema)) {
			throw new IllegalStateException("Two schemas have the name " + name + ": " + before + " and " + schema);
		}
		return Map.of("$ref", REFERENCE + name);
	}

	private Map<String, Object> described(Rule rule, boolean required) {
		Map<String, Object> schema = new LinkedHashMap<>();
		switch (rule) {
			case Rule.Text text -> text(schema, text, required);
			case Rule.Pattern pattern -> pattern(schema, pattern, required);
			case Rule.Choice choice -> choice(schema, choice, required);
			case Rule.Truth truth -> type(schema, "boolean", required);
			case Rule.Whole whole -> whole(schema, whole, required);
			case Rule.Span span -> span(schema, required);
			case Rule.Moment moment -> moment(schema, required);
			case Rule.Items<?> items -> items(schema, items, required);
			case Rule.Any any -> {
			}
			case Rule.Plain plain -> plain(schema, plain, false);
			case Rule.ExactlyOne one ->
				schema.put("oneOf", one.choices().stream().map((choice) -> choice(choice)).toList());
		}
		put(schema, "description", rule.about().text());
		put(schema, "example", rule.about().example());
		put(schema, "default", rule.about().standard());
		return schema;
	}

	private static void put(Map<String, Object> schema, String keyword, @Nullable Object value) {
		if (value != null) {
			schema.put(keyword, value);
		}
	}

	private static void type(Map<String, Object> schema, String type, boolean required) {
		schema.put("type", required ? type : List.of(type, "null"));
	}

	private static void text(Map<String, Object> schema, Rule.Text text, boolean required) {
		type(schema, "string", required);
		if (required) {
			schema.put("minLength", 1);
		}
		if (text.name() != null) {
			schema.put("maxLength", text.name().maxLength());
			schema.put("pattern", text.name().pattern(!required));
		}
	}

	private static void pattern(Map<String, Object> schema, Rule.Pattern pattern, boolean required) {
		type(schema, "string", required);
		put(schema, "minLength", (pattern.minLength() > 0) ? pattern.minLength() : null);
		put(schema, "maxLength", (pattern.maxLength() < Integer.MAX_VALUE) ? pattern.maxLength() : null);
		schema.put("pattern", pattern.pattern());
	}

	private static void choice(Map<String, Object> schema, Rule.Choice choice, boolean required) {
		type(schema, "string", required);
		List<@Nullable String> names = new ArrayList<>(choice.names());
		if (!required) {
			names.add(null);
		}
		schema.put("enum", names);
	}

	private static void whole(Map<String, Object> schema, Rule.Whole whole, boolean required) {
		type(schema, "integer", required);
		schema.put("minimum", whole.min());
		schema.put("maximum", whole.max());
	}

	private static void span(Map<String, Object> schema, boolean required) {
		type(schema, "string", required);
		schema.put("pattern", required ? "^" + SPAN + "$" : "^(" + SPAN + ")?$");
	}

	private static void moment(Map<String, Object> schema, boolean required) {
		List<String> types = new ArrayList<>(List.of("string", "integer"));
		if (!required) {
			types.add("null");
		}
		schema.put("type", types);
		schema.put("pattern", required ? "^" + MOMENT + "$" : "^(" + MOMENT + ")?$");
		schema.put("minimum", 0);
		schema.put("maximum", 99_999_999_999_999L);
	}

	private void items(Map<String, Object> schema, Rule.Items<?> items, boolean required) {
		type(schema, "array", required);
		schema.put("items", schema(items.item(), true));
		if (required) {
			schema.put("minItems", 1);
		}
		schema.put("maxItems", items.max());
		if (items.repeated() != null) {
			schema.put("uniqueItems", true);
		}
	}

	/** One of the objects of which exactly one is: its first field must be given. */
	private Map<String, Object> choice(Rule.Plain choice) {
		Map<String, Object> schema = new LinkedHashMap<>();
		plain(schema, choice, true);
		put(schema, "description", choice.about().text());
		String name = choice.about().schema();
		return (name != null) ? named(name, schema) : schema;
	}

	private void plain(Map<String, Object> schema, Rule.Plain plain, boolean firstIsRequired) {
		schema.put("type", "object");
		schema.put("additionalProperties", false);
		Map<String, Object> properties = new LinkedHashMap<>();
		List<String> required = new ArrayList<>();
		for (Field<?> field : plain.fields()) {
			boolean needed = field.required() || firstIsRequired && field.equals(plain.fields().getFirst());
			properties.put(field.name(), schema(field.rule(), needed));
			if (needed) {
				required.add(field.name());
			}
		}
		if (!required.isEmpty()) {
			schema.put("required", required);
		}
		if (!plain.apart().isEmpty()) {
			schema.put("not", together(plain.apart()));
		}
		schema.put("properties", properties);
	}

	/** An object that has all of these fields, with values. */
	private static Map<String, Object> together(List<Field<?>> fields) {
		Map<String, Object> properties = new LinkedHashMap<>();
		for (Field<?> field : fields) {
			properties.put(field.name(), (field.rule() instanceof Rule.Whole) ? Map.of("type", "integer")
					: Map.of("type", "string", "minLength", 1));
		}
		return Map.of("description", "Both of them.", "required", fields.stream().map(Field::name).toList(),
				"properties", properties);
	}

}
