package io.fanfare.node.stream;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;

/**
 * Which codings of the body a client takes (RFC 9110, section 12.5.3), with the weight of
 * each. What cannot be read weighs nothing: then the body travels as it is, which every
 * client bears. Takes time in proportion to the length of the header.
 */
final class AcceptEncoding {

	private static final Pattern WEIGHT = Pattern.compile("0(\\.[0-9]{0,3})?|1(\\.0{0,3})?");

	private final Map<String, Double> weights = new HashMap<>();

	private AcceptEncoding(List<String> values) {
		for (String range : String.join(",", values).toLowerCase(Locale.ROOT).split(",")) {
			int end = range.indexOf(';');
			String name = ((end < 0) ? range : range.substring(0, end)).strip();
			String coding = name.equals("x-gzip") ? "gzip" : name;
			this.weights.merge(coding, (end < 0) ? 1.0 : weight(range.substring(end + 1)), Math::min);
		}
	}

	static AcceptEncoding of(HttpHeaders headers) {
		return new AcceptEncoding(headers.getAll(HttpHeaderNames.ACCEPT_ENCODING));
	}

	private static double weight(String parameter) {
		int equals = parameter.indexOf('=');
		if (equals < 0 || !parameter.substring(0, equals).strip().equals("q")) {
			return 0;
		}
		String weight = parameter.substring(equals + 1).strip();
		return WEIGHT.matcher(weight).matches() ? Double.parseDouble(weight) : 0;
	}

	/** Whether gzip is taken, and not less gladly than no coding at all. */
	boolean takesGzip() {
		double gzip = this.weights.getOrDefault("gzip", this.weights.getOrDefault("*", 0.0));
		return gzip > 0 && gzip >= this.weights.getOrDefault("identity", 0.0);
	}

}
