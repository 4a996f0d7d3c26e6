package io.fanfare.api.problem;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * One thing that is wrong with a request.
 *
 * @param pointer where in the body, a JSON pointer as a URI fragment (RFC 6901, section
 * 6); null where it is not the body
 * @param parameter which parameter of path or query, or null
 * @param header which header, or null
 * @param detail what is wrong with it
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FieldError(@Nullable String pointer, @Nullable String parameter, @Nullable String header, String detail) {

	/**
	 * Something in the body.
	 * @param pointer where
	 * @param detail what
	 * @return the error
	 */
	public static FieldError at(String pointer, String detail) {
		return new FieldError(pointer, null, null, detail);
	}

	/**
	 * A parameter of path or query.
	 * @param parameter which
	 * @param detail what
	 * @return the error
	 */
	public static FieldError ofParameter(String parameter, String detail) {
		return new FieldError(null, parameter, null, detail);
	}

	/**
	 * A header.
	 * @param header which
	 * @param detail what
	 * @return the error
	 */
	public static FieldError ofHeader(String header, String detail) {
		return new FieldError(null, null, header, detail);
	}

	/** The error in one line. */
	String summary() {
		for (String place : new @Nullable String[] { this.pointer, this.parameter, this.header }) {
			if (place != null) {
				return place + ": " + this.detail;
			}
		}
		return this.detail;
	}

}
