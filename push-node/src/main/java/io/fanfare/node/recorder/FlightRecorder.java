package io.fanfare.node.recorder;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.BiPredicate;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import org.jspecify.annotations.Nullable;

/**
 * What the node remembers to tell what became of a message: the last messages that it was
 * handed, once for the node however many receive one; the journals of its streams; and
 * the last streams that ended. Its memory is bounded. Any thread may call.
 */
public final class FlightRecorder {

	/** One that remembers nothing. */
	public static final FlightRecorder OFF = new FlightRecorder(0, 1, () -> Instant.EPOCH);

	/** Of the memory, an eighth is for streams that ended. */
	private static final int ENDED_SHARE = 8;

	/** Of the memory, a quarter is for the journals of streams that are open. */
	private static final int JOURNAL_SHARE = 4;

	private static final int MAX_CHANGES = 16;

	private static final int MIN_CHANGES = 2;

	private final Routes routes;

	private final PastStreams ended;

	private final int changes;

	private final long journals;

	private final InstantSource clock;

	private final long since;

	/**
	 * Makes an empty one.
	 * @param bytes how much memory it may take; 0 for a recorder that remembers nothing
	 * @param maxStreams how many streams the node takes; with very many their journals
	 * leave less for messages
	 * @param clock the wall clock, or ids where they are ahead: its times are compared
	 * with theirs
	 */
	public FlightRecorder(long bytes, int maxStreams, InstantSource clock) {
		this.clock = clock;
		this.since = clock.millis();
		long each = bytes / JOURNAL_SHARE / maxStreams - StreamJournal.FIXED_BYTES;
		this.changes = (bytes > 0) ? Math.clamp(each / StreamJournal.CHANGE_BYTES, MIN_CHANGES, MAX_CHANGES) : 0;
		this.journals = (bytes > 0)
				? maxStreams * (StreamJournal.FIXED_BYTES + (long) this.changes * StreamJournal.CHANGE_BYTES) : 0;
		long left = bytes - bytes / ENDED_SHARE - this.journals;
		this.routes = new Routes(Math.clamp(left / Routes.BYTES, 0, Integer.MAX_VALUE / Routes.BYTES));
		this.ended = new PastStreams(bytes / ENDED_SHARE);
	}

	/**
	 * Whether it remembers anything.
	 * @return whether it does
	 */
	public boolean isOn() {
		return this.changes > 0;
	}

	/**
	 * A message came for all who receive its channel.
	 * @param message the message
	 */
	public void broadcast(Message message) {
		if (isOn()) {
			this.routes.broadcast(message, this.clock.millis());
		}
	}

	/**
	 * A message came for one connection.
	 * @param message the message
	 * @param connection the connection
	 * @param held whether the node has it
	 */
	public void named(Message message, String connection, boolean held) {
		if (isOn()) {
			this.routes.named(message, this.clock.millis(), connection, held);
		}
	}

	/**
	 * Finds out how a message was handed to the node.
	 * @param id its id
	 * @param channel its channel
	 * @return how, or null where nothing is known of it
	 */
	public @Nullable Came came(long id, ChannelName channel) {
		return this.routes.find(id, channel.value());
	}

	/**
	 * Whether a message of an id would be known if the node had been handed it.
	 * @param id the id
	 * @return whether it would
	 */
	public boolean reachesBackTo(long id) {
		return id > this.routes.forgottenUpTo() && MessageId.timestamp(id) > this.since;
	}

	/**
	 * Makes the journal of a stream.
	 * @return an empty one
	 */
	public StreamJournal journal() {
		return new StreamJournal(this.changes);
	}

	/**
	 * A stream ended.
	 * @param stream the stream
	 */
	public void ended(PastStream stream) {
		if (isOn()) {
			this.ended.add(stream, this.clock.millis());
		}
	}

	/**
	 * Finds the streams of a user that ended.
	 * @param user the user
	 * @return those that it has, in the order of their ends
	 */
	public List<PastStream> endedOf(String user) {
		return this.ended.of(user);
	}

	/**
	 * Hands out the streams that ended, the last first.
	 * @param receiver takes each with when it ended, in milliseconds since the epoch;
	 * returns whether it takes more
	 */
	public void ended(BiPredicate<PastStream, Long> receiver) {
		for (PastStreams.Ended one : this.ended.all()) {
			if (!receiver.test(one.stream(), one.at())) {
				return;
			}
		}
	}

	/**
	 * Since when it remembers.
	 * @return milliseconds since the epoch
	 */
	public long since() {
		return this.since;
	}

	/**
	 * Since when it has each stream that ended.
	 * @return milliseconds since the epoch
	 */
	public long streamsSince() {
		return isOn() ? this.ended.since(this.since) : this.clock.millis();
	}

	/**
	 * Since when it has each message that the node was handed.
	 * @return milliseconds since the epoch
	 */
	public long routesSince() {
		return this.routes.since(this.clock.millis(), this.since);
	}

	/**
	 * How much memory it takes: what is taken at once, what the journals of as many
	 * streams as the node takes may have, and what the streams that ended have.
	 * @return bytes
	 */
	public long bytes() {
		return this.routes.bytes() + this.journals + this.ended.bytes();
	}

}
