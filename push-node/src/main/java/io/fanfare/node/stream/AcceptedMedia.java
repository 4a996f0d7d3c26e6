package io.fanfare.node.stream;

import java.util.List;
import java.util.Locale;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;

/**
 * Which media types a client takes (RFC 9110, section 12.5.1). Takes time in proportion
 * to the length of the header.
 */
final class AcceptedMedia {

	private static final String EVENT_STREAM = "text/event-stream";

	private final List<String> values;

	private AcceptedMedia(List<String> values) {
		this.values = values;
	}

	static AcceptedMedia of(HttpHeaders headers) {
		return new AcceptedMedia(headers.getAll(HttpHeaderNames.ACCEPT));
	}

	/**
	 * Whether the most precise range that covers an event stream does not refuse it. A
	 * request without ranges takes anything.
	 */
	boolean takesStream() {
		if (this.values.isEmpty() || this.values.size() == 1 && this.values.getFirst().equals(EVENT_STREAM)) {
			return true;
		}
		int best = -1;
		boolean any = false;
		boolean accepted = false;
		for (String element : String.join(",", this.values).toLowerCase(Locale.ROOT).split(",")) {
			String range = element.strip();
			any |= !range.isEmpty();
			int end = range.indexOf(';');
			int precision = precision((end < 0) ? range : range.substring(0, end).strip());
			if (precision > best) {
				best = precision;
				accepted = end < 0 || !isRefused(range.substring(end + 1));
			}
		}
		return accepted || !any;
	}

	private static int precision(String type) {
		return switch (type) {
			case EVENT_STREAM -> 2;
			case "text/*" -> 1;
			case "*/*" -> 0;
			default -> -1;
		};
	}

	private static boolean isRefused(String parameters) {
		for (String parameter : parameters.split(";")) {
			int equals = parameter.indexOf('=');
			if (equals > 0 && parameter.substring(0, equals).strip().equals("q")
					&& isZero(parameter.substring(equals + 1).strip())) {
				return true;
			}
		}
		return false;
	}

	private static boolean isZero(String weight) {
		return weight.equals("0")
				|| weight.startsWith("0.") && weight.chars().skip(2).allMatch((digit) -> digit == '0');
	}

}
