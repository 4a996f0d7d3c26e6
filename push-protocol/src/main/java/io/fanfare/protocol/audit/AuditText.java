package io.fanfare.protocol.audit;

/**
 * Writes a value of an audit line so that it can neither end the value, nor the line, nor
 * change how what surrounds it is shown: control and format characters (bidirectional
 * ones among them), separators other than the space, unpaired surrogates, quotes and
 * backslashes are written as JSON writes them.
 */
final class AuditText {

	/** Longer than any legal name. */
	static final int MAX_LENGTH = 300;

	private AuditText() {
	}

	static String quoted(String value) {
		StringBuilder text = new StringBuilder(value.length() + 2).append('"');
		int end = Math.min(value.length(), MAX_LENGTH);
		for (int i = 0; i < end;) {
			int point = value.codePointAt(i);
			i += Character.charCount(point);
			if (point == '"' || point == '\\') {
				text.append('\\').append((char) point);
			}
			else if (isVisible(point)) {
				text.appendCodePoint(point);
			}
			else {
				for (char unit : Character.toChars(point)) {
					text.append(String.format("\\u%04x", (int) unit));
				}
			}
		}
		return text.append((end < value.length()) ? "…\"" : "\"").toString();
	}

	private static boolean isVisible(int point) {
		return point == ' ' || switch (Character.getType(point)) {
			case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
					Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SPACE_SEPARATOR ->
				false;
			default -> true;
		};
	}

}
