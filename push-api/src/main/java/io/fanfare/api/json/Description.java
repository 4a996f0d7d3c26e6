package io.fanfare.api.json;

import org.jspecify.annotations.Nullable;

/**
 * What the OpenAPI document says of a value in words.
 *
 * @param schema the name of its schema, or null where it stands inside another
 * @param text what it means
 * @param example a value that is accepted, or null
 * @param standard what counts where it is absent, or null
 */
public record Description(@Nullable String schema, @Nullable String text, @Nullable Object example,
		@Nullable Object standard) {

	/** Nothing beside the rule itself. */
	public static final Description NONE = new Description(null, null, null, null);

	/**
	 * A schema of its own.
	 * @param schema its name
	 * @param text what it means
	 * @return the description
	 */
	public static Description of(String schema, String text) {
		return new Description(schema, text, null, null);
	}

	/**
	 * A schema inside another.
	 * @param text what it means
	 * @return the description
	 */
	public static Description inside(String text) {
		return new Description(null, text, null, null);
	}

	public Description example(Object value) {
		return new Description(this.schema, this.text, value, this.standard);
	}

	public Description standard(Object value) {
		return new Description(this.schema, this.text, this.example, value);
	}

}
