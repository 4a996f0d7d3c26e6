package io.fanfare.protocol.settings;

import java.util.regex.Pattern;

/**
 * Takes out of a line of a log what may be a secret: the second line of defence behind
 * code that logs none. It knows what secrets of Fanfare look like on the wire, in
 * whosever line they are: headers that authenticate, tokens in queries, JWTs, and
 * passwords in URLs. Each pattern is read in one pass, without going back more than a
 * bounded number of characters.
 */
public final class Secrets {

	private static final String MASK = "***";

	private static final String HEADER_NAME = "(?i)\\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)"
			+ "((?:\\\\?[\"'])?\\s{0,4}[:=])";

	/** Up to the end of the line: of a header nothing is known but where it ends. */
	private static final Pattern HEADER = Pattern.compile(HEADER_NAME + "[^\\n]*+");

	/** Within a line that is JSON, up to the end of the text. */
	private static final Pattern JSON_HEADER = Pattern.compile(HEADER_NAME + "\"?(?:[^\\n\"\\\\]|\\\\.)*+");

	private static final Pattern BEARER = Pattern.compile("(?i)\\b(bearer|basic)(\\s|%20|\\+)[^\\s\"',;)\\]}]++");

	private static final Pattern PARAMETER = Pattern
		.compile("(?i)\\b((?:access_|id_|refresh_)?token|api_?key|password|secret)(=|%3D)[^&\\s\"'#;)\\]}]++");

	/** How Tomcat quotes a parameter that it cannot read; the value may hold anything. */
	private static final Pattern VALUE = Pattern.compile("(with value \\[)[^\\n]*+");

	private static final Pattern JSON_VALUE = Pattern.compile("(with value \\[)(?:[^\\n\"\\\\]|\\\\.)*+");

	private static final Pattern JWT = Pattern.compile("eyJ[A-Za-z0-9_-]{4,}+(?:\\.[A-Za-z0-9_-]*+){0,4}");

	/** The last {@code @} before the path counts: a password may hold others. */
	private static final Pattern URL = Pattern.compile("(?i)\\b([a-z][a-z0-9+.-]{1,20}://)[^\\s/\"'<>]{0,2048}@");

	private Secrets() {
	}

	/**
	 * Masks what may be a secret.
	 * @param text a line, or several
	 * @return the text without it; the same where there is none
	 */
	public static String mask(String text) {
		if (!suspicious(text)) {
			return text;
		}
		String masked = (text.startsWith("{") ? JSON_HEADER : HEADER).matcher(text).replaceAll("$1$2 " + MASK);
		masked = BEARER.matcher(masked).replaceAll("$1$2" + MASK);
		masked = PARAMETER.matcher(masked).replaceAll("$1$2" + MASK);
		masked = (text.startsWith("{") ? JSON_VALUE : VALUE).matcher(masked).replaceAll("$1" + MASK);
		masked = JWT.matcher(masked).replaceAll(MASK);
		return URL.matcher(masked).replaceAll("$1" + MASK + "@");
	}

	/** Cheap, for most lines have nothing of the kind. */
	private static boolean suspicious(String text) {
		return text.indexOf('=') >= 0 || text.indexOf('@') >= 0 || text.indexOf(':') >= 0 || text.contains("eyJ")
				|| text.contains("earer") || text.contains("%3") || text.contains("with value [");
	}

}
