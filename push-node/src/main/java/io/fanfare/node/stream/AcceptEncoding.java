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
 * client bears.
 */
final class AcceptEncoding {

	private static final Pattern WEIGHT = Pattern.compile("q\\s*=\\s*(0(\\.[0-9]{0,3})?|1(\\.0{0,3})?)");

	private final Map<String, Double> weights = new HashMap<>();

	private AcceptEncoding(List<String> values) {
		for (String range : String.join(",", values).toLowerCase(Locale.ROOT).split(",")) {
			String[] parts = range.strip().split("\\s*;\\s*", 2);
			String coding = parts[0].equals("x-gzip") ? "gzip" : parts[0];
			this.weights.merge(coding, (parts.length == 1) ? 1.0 : weight(parts[1]), Math::min);
		}
	}

	static AcceptEncoding of(HttpHeaders headers) {
		return new AcceptEncoding(headers.getAll(HttpHeaderNames.ACCEPT_ENCODING));
	}

	private static double weight(String parameter) {
		return WEIGHT.matcher(parameter).matches() ? Double.parseDouble(parameter.replaceFirst("q\\s*=\\s*", "")) : 0;
	}

	/** Whether gzip is taken, and not less gladly than no coding at all. */
	boolean takesGzip() {
		double gzip = this.weights.getOrDefault("gzip", this.weights.getOrDefault("*", 0.0));
		return gzip > 0 && gzip >= this.weights.getOrDefault("identity", 0.0);
	}

}
