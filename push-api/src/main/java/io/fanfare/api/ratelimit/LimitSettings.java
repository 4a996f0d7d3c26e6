package io.fanfare.api.ratelimit;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.redis.history.PublishQuota;
import jakarta.validation.constraints.NotNull;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.api.limits}: what one API key, or one subject of tokens, may publish.
 * Counted in Redis for all API processes together.
 *
 * @param bytesPerSecond bytes per second, once for each recipient; 0, the default: any
 * number. Each publish costs two commands of Redis more
 * @param burst how many bytes may be published at once after a pause; 0, the default: ten
 * seconds of {@code bytes-per-second}. At most an hour of it
 * @param newChannelsPerMinute channels to which nothing was published before, or not for
 * a week; so many may also come at once. 0, the default: any number
 * @param callers limits of single keys in place of these, each
 * {@code name:bytes-per-second:burst:new-channels-per-minute}, the name that of an API
 * key, or {@code ~} and the URL-encoded subject of tokens
 */
@Validated
@ConfigurationProperties("fanfare.api.limits")
record LimitSettings(@NotNull @DefaultValue("0") DataSize bytesPerSecond, @NotNull @DefaultValue("0") DataSize burst,
		@DefaultValue("0") int newChannelsPerMinute, @DefaultValue List<String> callers) {

	private static final String PREFIX = "fanfare.api.limits.";

	private static final String CALLERS = PREFIX + "callers";

	private static final int PARTS = 4;

	private static final long MIN_BYTES = 1024;

	private static final long MAX_BYTES = DataSize.ofGigabytes(1).toBytes();

	private static final int MAX_CHANNELS = 1_000_000;

	/** Seconds. */
	private static final long DEFAULT_BURST = 10;

	/** Seconds. */
	private static final long MAX_BURST = 3_600;

	LimitSettings {
		check(PREFIX + "bytes-per-second", "", bytesPerSecond.toBytes());
		check(PREFIX + "burst", "", bytesPerSecond.toBytes(), burst.toBytes());
		checkChannels(PREFIX + "new-channels-per-minute", "", newChannelsPerMinute);
		quotas(callers);
	}

	/** The quotas of a caller that has none of its own, or null. */
	Quotas common() {
		return new Quotas(this.bytesPerSecond.toBytes(), this.burst.toBytes(), this.newChannelsPerMinute);
	}

	/** By the id of the caller. */
	Map<String, Quotas> own() {
		return quotas(this.callers);
	}

	/** A key that is misspelt would have no limit of its own. */
	void check(Predicate<String> isKey) {
		int number = 0;
		for (String caller : own().keySet()) {
			number++;
			if (!caller.startsWith("~") && !isKey.test(caller)) {
				throw new InvalidSettingException(CALLERS,
						"in number " + number + " names no key of fanfare.api.keys; a subject of tokens begins with ~");
			}
		}
	}

	/** Says which entry is wrong by its number: a secret may have been put there. */
	private static Map<String, Quotas> quotas(List<String> callers) {
		Map<String, Quotas> quotas = new LinkedHashMap<>();
		for (String text : callers) {
			if (text.isBlank()) {
				continue;
			}
			String entry = "in number " + (callers.indexOf(text) + 1) + " ";
			String[] parts = text.strip().split(":", -1);
			if (parts.length != PARTS || parts[0].isEmpty()) {
				throw new InvalidSettingException(CALLERS, entry
						+ "has no name:bytes-per-second:burst:new-channels-per-minute, such as billing:10MB:100MB:600");
			}
			long rate = bytes(entry, parts[1]);
			long burst = bytes(entry, parts[2]);
			int channels = number(entry, parts[3]);
			check(CALLERS, entry + "the bytes per second ", rate);
			check(CALLERS, entry + "the burst ", rate, burst);
			checkChannels(CALLERS, entry + "the new channels per minute ", channels);
			if (quotas.put(parts[0], new Quotas(rate, burst, channels)) != null) {
				throw new InvalidSettingException(CALLERS, entry + "has the name of an earlier one");
			}
		}
		return quotas;
	}

	private static long bytes(String entry, String text) {
		try {
			return DataSize.parse(text).toBytes();
		}
		catch (IllegalArgumentException | ArithmeticException ex) {
			throw new InvalidSettingException(CALLERS, entry + "has no size such as 10MB where one belongs");
		}
	}

	private static int number(String entry, String text) {
		try {
			return Integer.parseInt(text);
		}
		catch (NumberFormatException ex) {
			throw new InvalidSettingException(CALLERS, entry + "ends with no number");
		}
	}

	private static void check(String property, String what, long bytesPerSecond) {
		if (bytesPerSecond != 0 && (bytesPerSecond < MIN_BYTES || bytesPerSecond > MAX_BYTES)) {
			throw new InvalidSettingException(property,
					what + "must be 0, or from 1KB to 1GB, is " + bytesPerSecond + "B");
		}
	}

	private static void check(String property, String what, long bytesPerSecond, long burst) {
		if (burst != 0 && (burst < MIN_BYTES || burst > bytesPerSecond * MAX_BURST)) {
			throw new InvalidSettingException(property,
					what + "must be 0, or from 1KB to what an hour of bytes-per-second allows, is " + burst + "B");
		}
	}

	private static void checkChannels(String property, String what, int channels) {
		if (channels < 0 || channels > MAX_CHANNELS) {
			throw new InvalidSettingException(property,
					what + "must be from 0 to " + MAX_CHANNELS + ", is " + channels);
		}
	}

	/**
	 * The quotas of one caller.
	 *
	 * @param bytesPerSecond bytes that grow back per second, or 0
	 * @param burst the whole quota of bytes, or 0
	 * @param channelsPerMinute new channels, or 0
	 */
	record Quotas(long bytesPerSecond, long burst, int channelsPerMinute) {

		boolean isEmpty() {
			return this.bytesPerSecond == 0 && this.channelsPerMinute == 0;
		}

		PublishQuota of(String caller) {
			return new PublishQuota(caller, this.bytesPerSecond,
					(this.burst > 0) ? this.burst : DEFAULT_BURST * this.bytesPerSecond, this.channelsPerMinute);
		}

	}

}
