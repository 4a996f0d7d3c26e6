package io.fanfare.api.publish;

import java.util.List;

import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.NameRule;
import org.jspecify.annotations.Nullable;

/**
 * The key under which a request may be repeated: 1 to 255 printable ASCII characters. The
 * header holds it quoted, as a string of RFC 9651, or bare.
 */
final class IdempotencyKey {

	static final String HEADER = "Idempotency-Key";

	private static final int MAX_LENGTH = 255;

	/** What a key may look like. */
	static final NameRule NAME = new NameRule("[ -~]", MAX_LENGTH);

	static final String RULE = "must have 1 to " + MAX_LENGTH + " printable ASCII characters";

	/** What the header may hold: a key, quoted or bare. */
	static final String HEADER_PATTERN = "^([!#-~][ -~]{0," + (MAX_LENGTH - 1) + "}|\"([ !#-\\[\\]-~]|\\\\[\"\\\\]){1,"
			+ MAX_LENGTH + "}\")$";

	private IdempotencyKey() {
	}

	/**
	 * Reads the header.
	 * @param values what it holds
	 * @return the key, or null if there is no such header or it is empty
	 * @throws ProblemException if it is none
	 */
	static @Nullable String read(@Nullable List<String> values) {
		if (values == null || values.isEmpty()) {
			return null;
		}
		String value = values.getFirst().strip();
		if (values.size() == 1 && value.isEmpty()) {
			return null;
		}
		String key = value.startsWith("\"") ? unquote(value) : value;
		if (values.size() > 1 || key == null || !NAME.matches(key)) {
			throw ProblemException.invalid(FieldError.ofHeader(HEADER, RULE + ", quoted or bare"));
		}
		return key;
	}

	/** RFC 9651, section 4.2.5. */
	private static @Nullable String unquote(String value) {
		StringBuilder key = new StringBuilder();
		boolean escaped = false;
		for (int i = 1; i < value.length(); i++) {
			char c = value.charAt(i);
			if (escaped && c != '"' && c != '\\') {
				return null;
			}
			if (!escaped && c == '"') {
				return (i == value.length() - 1) ? key.toString() : null;
			}
			escaped = !escaped && c == '\\';
			if (!escaped) {
				key.append(c);
			}
		}
		return null;
	}

}
