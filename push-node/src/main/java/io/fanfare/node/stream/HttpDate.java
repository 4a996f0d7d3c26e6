package io.fanfare.node.stream;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * The {@code Date} of an answer (RFC 9110, section 6.6.1). It is written once per second.
 * Any thread may call.
 */
final class HttpDate {

	/** Its day of the month has two digits, unlike that of RFC_1123_DATE_TIME. */
	private static final DateTimeFormatter IMF_FIXDATE = DateTimeFormatter
		.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.ENGLISH)
		.withZone(ZoneOffset.UTC);

	private final InstantSource clock;

	private volatile Line last = new Line(Long.MIN_VALUE, "", new byte[0]);

	HttpDate(InstantSource clock) {
		this.clock = clock;
	}

	private record Line(long second, String text, byte[] bytes) {

		static Line of(long second) {
			String text = "Date: " + IMF_FIXDATE.format(Instant.ofEpochSecond(second)) + "\r\n";
			return new Line(second, text, text.getBytes(StandardCharsets.US_ASCII));
		}

	}

	/** The header line, with its end. */
	String line() {
		return current().text();
	}

	/** The header line, with its end. The array must not be changed. */
	byte[] bytes() {
		return current().bytes();
	}

	private Line current() {
		long second = Math.floorDiv(this.clock.millis(), 1000L);
		Line line = this.last;
		if (line.second() != second) {
			line = Line.of(second);
			this.last = line;
		}
		return line;
	}

}
