package io.fanfare.api.json;

/**
 * A field of an object in a request.
 *
 * @param <R> what its value must be
 * @param name its name
 * @param rule what its value must be
 * @param required whether it must have a value; one that need not may also be null or
 * empty, which counts as absent
 */
public record Field<R extends Rule>(String name, R rule, boolean required) {

	public static <R extends Rule> Field<R> required(String name, R rule) {
		return new Field<>(name, rule, true);
	}

	public static <R extends Rule> Field<R> optional(String name, R rule) {
		return new Field<>(name, rule, false);
	}

}
