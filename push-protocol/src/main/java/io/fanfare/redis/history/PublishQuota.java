package io.fanfare.redis.history;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.ChannelName;

/**
 * What a caller may publish, counted in Redis for all processes together: bytes, and
 * channels to which nothing was published before, or not for a week. Each quota grows
 * back at a steady rate, up to the whole of it.
 *
 * @param caller whose quotas they are
 * @param bytesPerSecond bytes that grow back per second; 0 for any number
 * @param bytes the whole quota of bytes
 * @param channelsPerMinute new channels that grow back per minute, which is also the
 * whole quota of them; 0 for any number
 */
public record PublishQuota(String caller, long bytesPerSecond, long bytes, int channelsPerMinute) {

	/** The policy of bytes, as callers know it. */
	public static final String BYTES = "bytes";

	/** The policy of new channels, as callers know it. */
	public static final String NEW_CHANNELS = "new-channels";

	private static final Duration SECOND = Duration.ofSeconds(1);

	private static final Duration MINUTE = Duration.ofMinutes(1);

	/** How long all of the bytes take to grow back. */
	public Duration bytesWindow() {
		return (this.bytesPerSecond > 0) ? SECOND.multipliedBy(this.bytes).dividedBy(this.bytesPerSecond)
				: Duration.ZERO;
	}

	/** How long all of the new channels take to grow back. */
	public static Duration channelsWindow() {
		return MINUTE;
	}

	/** What the script is given. */
	List<String> arguments() {
		return List.of(unit(SECOND, this.bytesPerSecond), micros(bytesWindow()), unit(MINUTE, this.channelsPerMinute),
				micros(MINUTE));
	}

	private static String micros(Duration duration) {
		return Long.toString(duration.toNanos() / 1_000);
	}

	/** In how many microseconds one of so many per period grows back. */
	private static String unit(Duration period, long number) {
		return (number > 0) ? Double.toString((double) period.toNanos() / 1_000 / number) : "0";
	}

	/** What the script is given for one message. */
	List<String> arguments(Charge charge) {
		return switch (charge) {
			case Charge.Weight weight -> List.of(Long.toString(weight.bytes()));
			case Charge.First first -> first(first);
			case Charge.Further further -> List.of("-");
			case Charge.Behind behind ->
				List.of("!" + behind.refusal().policy() + " " + behind.refusal().retryAfter().toMillis());
		};
	}

	/** The channels only where new ones are counted: there may be thousands. */
	private List<String> first(Charge.First first) {
		List<ChannelName> others = (this.channelsPerMinute > 0) ? first.others() : List.of();
		List<String> arguments = new ArrayList<>(2 + others.size());
		arguments.add("+" + first.bytes());
		arguments.add(Integer.toString(others.size()));
		others.forEach((channel) -> arguments.add(channel.value()));
		return arguments;
	}

	/** What a message takes. */
	public sealed interface Charge {

		/** A message that takes nothing. */
		Charge FREE = new Weight(0);

		/**
		 * A message.
		 *
		 * @param bytes how many bytes
		 */
		record Weight(long bytes) implements Charge {

		}

		/**
		 * The first piece of a message, which takes for all of them before anything is
		 * stored. So no other message passes on what further pieces need.
		 *
		 * @param bytes how many bytes all pieces have
		 * @param others the channels of further pieces to which the message is stored
		 */
		record First(long bytes, List<ChannelName> others) implements Charge {

		}

		/**
		 * A further piece of a message that was admitted: it is not refused and takes
		 * nothing.
		 */
		record Further() implements Charge {

		}

		/**
		 * A message behind a refused one of the same request: only a repetition is
		 * answered.
		 *
		 * @param refusal how the earlier one was refused
		 */
		record Behind(Refusal refusal) implements Charge {

		}

	}

	/**
	 * A quota is used up.
	 *
	 * @param policy which
	 * @param retryAfter when there is enough of it
	 */
	public record Refusal(String policy, Duration retryAfter) {

		static Refusal parse(String text) {
			int space = text.indexOf(' ');
			return new Refusal(text.substring(0, space),
					Duration.ofMillis(Long.parseLong(text, space + 1, text.length(), 10)));
		}

	}

	/**
	 * What is used, as the time it takes to grow back.
	 *
	 * @param bytes of the bytes
	 * @param channels of the new channels
	 */
	public record Used(Duration bytes, Duration channels) {

		static Used parse(String text) {
			int space = text.indexOf(' ');
			return new Used(Duration.ofMillis(Long.parseLong(text, 0, space, 10)),
					Duration.ofMillis(Long.parseLong(text, space + 1, text.length(), 10)));
		}

	}

}
