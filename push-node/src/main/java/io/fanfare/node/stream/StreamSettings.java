package io.fanfare.node.stream;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

import io.fanfare.node.ratelimit.AddressBlocks;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.TokenLimits;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;
import io.fanfare.protocol.settings.InvalidSettingException;
import jakarta.validation.constraints.NotBlank;

/**
 * Settings of the stream port.
 *
 * @param port the port; 0 takes a free one
 * @param address the address it binds to
 * @param loops how many event loops; 0 takes half of the processors. More than the
 * processors that are free cost 9 to 37 %
 * @param sendBuffer what the kernel may hold for a stream, 4 KB to 1 GB; more hides a
 * slow reader for longer
 * @param backlog how many connections may wait to be accepted
 * @param requestTimeout how long a request may take to arrive; at least 100 ms
 * @param idleTimeout how long a connection is kept after an answer that was no stream;
 * must be longer than a proxy keeps it, and at least 100 ms
 * @param maxChannels how many topics a stream may ask for; a request line may be 512
 * bytes longer for each, and a proxy has to let it pass
 * @param gzip whether streams are compressed for clients that accept it. Each message is
 * compressed alone, once for all, some 5 us a KiB; its size then tells how much it
 * repeats itself
 * @param gzipThreshold blocks up to this size travel as they are in a compressed stream
 * @param warmUp how long streams are opened on the node's own behalf before it takes
 * anybody in, so that the JVM has compiled what they take; zero for not at all. The start
 * takes so much longer, with a processor or two at work
 */
@Validated
@ConfigurationProperties("fanfare.stream")
public record StreamSettings(@DefaultValue("8081") @Min(0) @Max(65535) int port,
		@DefaultValue("0.0.0.0") @NotBlank String address, @DefaultValue("0") @Min(0) @Max(1024) int loops,
		@DefaultValue("128KB") DataSize sendBuffer, @DefaultValue("4096") @Min(1) @Max(1_000_000) int backlog,
		@DefaultValue("10s") Duration requestTimeout, @DefaultValue("75s") Duration idleTimeout,
		@DefaultValue("32") @Min(1) @Max(1000) int maxChannels, @DefaultValue("false") boolean gzip,
		@DefaultValue("1KB") DataSize gzipThreshold, @DefaultValue("3s") Duration warmUp) {

	/** All headers of a request: the longest token, and as much for all else. */
	static final int MAX_HEADERS = 2 * TokenLimits.MAX_LENGTH;

	private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(100);

	private static final Duration LONGEST_REQUEST = Duration.ofHours(1);

	private static final Duration LONGEST_IDLE = Duration.ofHours(1);

	private static final Duration LONGEST_WARM_UP = Duration.ofMinutes(5);

	private static final DataSize SMALLEST_SEND_BUFFER = DataSize.ofKilobytes(4);

	private static final DataSize LARGEST_SEND_BUFFER = DataSize.ofGigabytes(1);

	private static final DataSize LARGEST_THRESHOLD = DataSize.ofGigabytes(1);

	private static final int MAX_ORIGIN = 300;

	/** Parameters besides topics that are read. */
	private static final int MAX_OTHER_PARAMETERS = 96;

	/**
	 * The longest topic, each of its characters percent-encoded, and its parameter's
	 * name.
	 */
	private static final int TOPIC_LENGTH = 4 * ChannelName.MAX_TOPIC_LENGTH;

	/**
	 * Fails where a duration or a size is out of its bounds.
	 */
	public StreamSettings {
		check(isWithin(requestTimeout, SHORTEST_TIMEOUT, LONGEST_REQUEST), "request-timeout", "from 100ms to 1h",
				requestTimeout);
		check(isWithin(idleTimeout, SHORTEST_TIMEOUT, LONGEST_IDLE), "idle-timeout", "from 100ms to 1h", idleTimeout);
		check(isWithin(warmUp, Duration.ZERO, LONGEST_WARM_UP), "warm-up", "from 0 to 5m", warmUp);
		check(isWithin(sendBuffer, SMALLEST_SEND_BUFFER, LARGEST_SEND_BUFFER), "send-buffer", "from 4KB to 1GB",
				sendBuffer);
		check(isWithin(gzipThreshold, DataSize.ofBytes(0), LARGEST_THRESHOLD), "gzip-threshold", "from 0B to 1GB",
				gzipThreshold);
	}

	private static <T extends Comparable<T>> boolean isWithin(T value, T least, T most) {
		return value.compareTo(least) >= 0 && value.compareTo(most) <= 0;
	}

	private static void check(boolean fits, String name, String bounds, Object value) {
		InvalidSettingException.require(fits, "fanfare.stream." + name, "must be " + bounds + ", is " + value);
	}

	/** Has room for the longest token and as many topics as a stream may ask for. */
	int maxRequestLine() {
		return TokenLimits.MAX_LENGTH + this.maxChannels * TOPIC_LENGTH;
	}

	/** How many query parameters are read. */
	int maxParameters() {
		return MAX_OTHER_PARAMETERS + this.maxChannels;
	}

	int loopCount() {
		return (this.loops > 0) ? this.loops : Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
	}

	/** The same for a port that only this process reaches. */
	StreamSettings onLoopback() {
		return new StreamSettings(0, InetAddress.getLoopbackAddress().getHostAddress(), 1, this.sendBuffer,
				this.backlog, this.requestTimeout, this.idleTimeout, this.maxChannels, this.gzip, this.gzipThreshold,
				Duration.ZERO);
	}

	int gzipThresholdBytes() {
		return Math.clamp(this.gzipThreshold.toBytes(), 0, Integer.MAX_VALUE);
	}

	/**
	 * Which proxies are believed where clients are.
	 *
	 * @param trustedProxies their addresses, or CIDR blocks of them; from anybody else
	 * X-Forwarded-For is ignored
	 */
	@ConfigurationProperties("fanfare")
	public record Proxies(@DefaultValue( {
			"127.0.0.0/8", "::1" }) List<String> trustedProxies){

		/**
		 * Fails where a block is none.
		 */
		public Proxies {
			AddressBlocks.parse("fanfare.trusted-proxies", trustedProxies);
		}

		AddressBlocks blocks() {
			return AddressBlocks.parse("fanfare.trusted-proxies", this.trustedProxies);
		}

	}

	/**
	 * What pages of other origins may send.
	 *
	 * @param allowedHeaders names of request headers that a preflight allows besides
	 * those that the node reads
	 */
	@ConfigurationProperties("fanfare")
	public record Headers(@DefaultValue( {
			"traceparent", "baggage", "X-Requested-With" }) List<String> allowedHeaders){

		private static final Pattern NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}");

		/**
		 * Fails where one is no name of a header.
		 */
		public Headers {
			for (String name : allowedHeaders) {
				if (!name.isBlank() && !NAME.matcher(name.strip()).matches()) {
					throw new InvalidSettingException("fanfare.allowed-headers",
							"names what is no header, number " + (allowedHeaders.indexOf(name) + 1));
				}
			}
		}

		List<String> names() {
			return this.allowedHeaders.stream().map(String::strip).filter((name) -> !name.isEmpty()).toList();
		}

	}

	/**
	 * Who may read streams from another origin.
	 *
	 * @param allowedOrigins origins such as {@code https://app.example}, besides the
	 * node's own; {@code *} allows all, but none with cookies, and
	 * {@code http://localhost:*} those of this machine
	 */
	@ConfigurationProperties("fanfare")
	public record Origins(@DefaultValue List<String> allowedOrigins) {

		private static final String PROPERTY = "fanfare.allowed-origins";

		/** Of this machine, with any port. */
		private static final List<String> LOCAL = List.of("http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*");

		/** As browsers send it (RFC 6454, section 6.2): what differs matches none. */
		private static final Pattern ORIGIN = Pattern
			.compile("[a-z][a-z0-9+.-]{0,30}://([a-z0-9_-]++(\\.[a-z0-9_-]++)*+|\\[[0-9a-f:.]++])(:[1-9][0-9]{0,4})?");

		/**
		 * Fails where one is no origin, so that no browser would send it.
		 */
		public Origins {
			for (int i = 0; i < allowedOrigins.size(); i++) {
				check(allowedOrigins.get(i), i + 1);
			}
		}

		private static void check(String origin, int number) {
			if (origin.isEmpty() || origin.equals("*")) {
				return;
			}
			if (LOCAL.contains(origin)) {
				return;
			}
			InvalidSettingException.require(origin.length() <= MAX_ORIGIN && ORIGIN.matcher(origin)
				.matches(), PROPERTY, "has what is no origin, number " + number
						+ ": one is * or a scheme and a host in lower case, such"
						+ " as https://app.example or http://localhost:3000, without path, final slash or wildcard, but"
						+ " for http://localhost:*");
			boolean usual = origin.startsWith("https://") && origin.endsWith(":443")
					|| origin.startsWith("http://") && origin.endsWith(":80");
			InvalidSettingException.require(!usual, PROPERTY,
					"has an origin with the port of its scheme, number " + number + ": browsers leave it out");
		}

	}

}
