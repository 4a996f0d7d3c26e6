package io.fanfare.redis;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;

/**
 * What one call of the publish script may take, so that Redis serves others within a few
 * milliseconds, and how a message to more channels is cut into pieces.
 * <p>
 * The pieces are a function of the message and of nothing else: a repetition by another
 * process, of another version, or with another trace is cut in the same places, and finds
 * the records of the first attempt. So the numbers here are normative
 * ({@code docs/reference/http-api.md}, pieces).
 */
public final class Pieces {

	/** Channels in one call. */
	public static final int MAX_CHANNELS = 32;

	/** Bytes of envelopes that one call appends, unless a single one is longer. */
	public static final int MAX_BYTES = 256 * 1024;

	/** What stands before event and data in an envelope. */
	private static final int HEAD = 20;

	/** The longest trace; counted also where there is none. */
	private static final int TRACE = 55;

	private Pieces() {
	}

	/**
	 * How many bytes a message counts in each of its channels: the length of its envelope
	 * with the longest trace.
	 * @param envelope the message
	 * @return bytes
	 */
	public static int weight(Envelope envelope) {
		int event = envelope.event().equals(EventName.DEFAULT) ? 0 : envelope.event().length();
		return HEAD + TRACE + event + envelope.data().length;
	}

	/**
	 * How many channels a piece of a message has; the last one may have fewer.
	 * @param weight what the message counts in each of its channels
	 * @return channels, one at least
	 */
	public static int channels(int weight) {
		return Math.clamp(MAX_BYTES / weight, 1, MAX_CHANNELS);
	}

	/**
	 * Cuts the channels of a message, in their order.
	 * @param <T> what stands for a channel
	 * @param channels the channels, one at least
	 * @param weight what the message counts in each of them
	 * @return the pieces
	 */
	public static <T> List<List<T>> of(List<T> channels, int weight) {
		int size = channels(weight);
		List<List<T>> pieces = new ArrayList<>((channels.size() + size - 1) / size);
		for (int from = 0; from < channels.size(); from += size) {
			pieces.add(channels.subList(from, Math.min(from + size, channels.size())));
		}
		return pieces;
	}

}
