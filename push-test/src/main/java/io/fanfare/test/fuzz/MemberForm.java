package io.fanfare.test.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Ways in which a member of a JSON object may be written, right and wrong ones. In those
 * that keep the value it is the one that the object has.
 */
public enum MemberForm {

	/** The member is not there. */
	MISSING(""),
	/** Its name is written with an escape. */
	ESCAPED_NAME("\"%2$s\":%3$s"),
	/** It stands twice. */
	DOUBLED("\"%1$s\":%3$s,\"%1$s\":%3$s"),
	/** It stands twice, once under an escaped name. */
	DOUBLED_BY_ESCAPE("\"%1$s\":%3$s,\"%2$s\":%3$s"),
	/** It stands twice, once without a value. */
	DOUBLED_BY_NULL("\"%1$s\":null,\"%1$s\":%3$s"),
	/** It has no value. */
	NULL("\"%1$s\":null"),
	/** An empty text. */
	EMPTY("\"%1$s\":\"\""),
	/** A text that means nothing. */
	TEXT("\"%1$s\":\"x\""),
	/** A text of 8 000 characters. */
	LONG_TEXT("\"%1$s\":\"" + "x".repeat(8_000) + "\""),
	/** A text with a control character. */
	CONTROL("\"%1$s\":\"a\\u0000b\""),
	/** A text with half a surrogate pair. */
	HALF_PAIR("\"%1$s\":\"a\\ud800b\""),
	/** A text with bytes that are no UTF-8. */
	NO_UTF8("\"%1$s\":\"a\u00ffb\""),
	/** A text with a character that is written longer than it need be. */
	OVERLONG("\"%1$s\":\"a\u00c1\u0081b\""),
	/** A small number. */
	NUMBER("\"%1$s\":7"),
	/** A negative number. */
	NEGATIVE("\"%1$s\":-7"),
	/** A number with a fraction. */
	FRACTION("\"%1$s\":7.5"),
	/** A number with an exponent. */
	EXPONENT("\"%1$s\":7e0"),
	/** A number beyond 64 bits. */
	HUGE("\"%1$s\":123456789012345678901234567890"),
	/** A whole number beyond what a double can be. */
	DIGITS("\"%1$s\":1" + "0".repeat(400)),
	/** A number beyond what a double can be. */
	INFINITE("\"%1$s\":1e400"),
	/** A truth value. */
	TRUE("\"%1$s\":true"),
	/** A list without elements. */
	NO_ELEMENTS("\"%1$s\":[]"),
	/** A list of a text. */
	TEXTS("\"%1$s\":[\"x\"]"),
	/** A list of a number. */
	NUMBERS("\"%1$s\":[7]"),
	/** A list of null. */
	NULLS("\"%1$s\":[null]"),
	/** A list of a list. */
	LISTS("\"%1$s\":[[]]"),
	/** An object. */
	OBJECT("\"%1$s\":{}");

	/** The format of a member: name, the same with an escape, value; empty for none. */
	private final String format;

	MemberForm(String format) {
		this.format = format;
	}

	/**
	 * Writes an object one of whose members has this form.
	 * @param members the members: names, and values as JSON
	 * @param name the member that has this form
	 * @return the object in JSON, in UTF-8 but for the forms that are none
	 */
	public byte[] write(Map<String, String> members, String name) {
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		out.write('{');
		String separator = "";
		for (Map.Entry<String, String> member : members.entrySet()) {
			String text = member.getKey().equals(name) ? this.format : "\"%1$s\":%3$s";
			if (!text.isEmpty()) {
				String escaped = "\\u%04x".formatted((int) member.getKey().charAt(0)) + member.getKey().substring(1);
				out.writeBytes((separator + text.formatted(member.getKey(), escaped, member.getValue()))
					.getBytes(StandardCharsets.ISO_8859_1));
				separator = ",";
			}
		}
		out.write('}');
		return out.toByteArray();
	}

}
