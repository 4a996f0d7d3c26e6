package io.fanfare.node.recorder;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;

import io.fanfare.node.catchup.Gap;
import io.fanfare.node.recorder.Change.Kind;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import org.jspecify.annotations.Nullable;

/**
 * How the position of one stream changed, never what was written to it: when it was live
 * and when it read history, which gaps were announced, which topics it lost. Its position
 * and these changes tell of each message whether it was written.
 * <p>
 * A change is four numbers. Of many, the last are kept; of what happened before nothing
 * is said. Belongs to the loop of its stream; once that ended it does not change.
 */
public final class StreamJournal {

	/** What one takes at most, but its changes. */
	static final int FIXED_BYTES = 208;

	/** What a change takes. */
	static final int CHANGE_BYTES = 4 * Long.BYTES;

	private static final int WORDS = 4;

	private static final long[] NONE = new long[0];

	private static final int RESUMED = 1;

	private static final int FORGOTTEN = 2;

	private static final int TOPIC_FORGOTTEN = 4;

	private static final int WAS_LIVE = 8;

	private final int capacity;

	/** The changes, the oldest first: kind and time, then what the kind says. */
	private long[] log = NONE;

	private int size;

	private AckTimes acks = AckTimes.NOTHING;

	private long from;

	private boolean resumed;

	/** Pairs of a channel's hash and the id above which it was asked for. */
	private long[] starts = NONE;

	/** The highest id that a change concerns which is not kept any more. */
	private long forgottenUpTo = MessageId.ZERO;

	private boolean forgotten;

	private boolean topicForgotten;

	/** Above the one and up to the other, ids may have been given twice. */
	private long twiceFrom = MessageId.ZERO;

	private long twiceTo = MessageId.ZERO;

	/**
	 * Whether it was live behind the last change that is not kept, and since which id.
	 */
	private boolean wasLive;

	private long wasAt;

	/**
	 * Makes an empty one.
	 * @param capacity how many changes are kept; 0 for a journal that notes nothing
	 */
	StreamJournal(int capacity) {
		this.capacity = capacity;
	}

	/** Why a stream reads history. */
	public enum Why {

		/** It resumes, or what concerns it was found out late. */
		RESUME,
		/** It was owed too much. */
		SLOW,
		/** The link over which messages come was lost. */
		LINK,
		/** It does not surely have its user. */
		UNPROVEN

	}

	/**
	 * The stream begins.
	 * @param id the id above which it is to receive
	 * @param cursor whether that is its client's cursor
	 * @param only channels of which only what lies above another id was asked for
	 */
	public void begin(long id, boolean cursor, Map<ChannelName, Long> only) {
		if (this.capacity == 0) {
			return;
		}
		this.from = id;
		this.resumed = cursor;
		if (!only.isEmpty()) {
			long[] pairs = new long[2 * only.size()];
			int next = 0;
			for (Map.Entry<ChannelName, Long> one : only.entrySet()) {
				pairs[next++] = hash(one.getKey());
				pairs[next++] = one.getValue();
			}
			this.starts = pairs;
		}
	}

	/**
	 * Everything up to an id was written or announced as missing; what comes is written
	 * as it comes.
	 * @param millis now
	 * @param position the id
	 */
	public void live(long millis, long position) {
		add(Kind.LIVE, 0, millis, position, 0, 0);
	}

	/**
	 * What lies above an id is read from history.
	 * @param millis now
	 * @param position the id
	 * @param why why
	 */
	public void behind(long millis, long position, Why why) {
		add(Kind.BEHIND, Change.WHYS.indexOf(why), millis, position, 0, 0);
	}

	/**
	 * A gap is announced.
	 * @param millis now
	 * @param gap the gap
	 */
	public void gap(long millis, Gap gap) {
		add(Kind.GAP, Change.REASONS.indexOf(gap.reason()), millis, gap.from(), gap.to(), hash(gap.channel()));
	}

	/**
	 * A topic is lost.
	 * @param millis now
	 * @param topic the topic
	 * @param position up to where all was written
	 */
	public void left(long millis, ChannelName topic, long position) {
		add(Kind.LEFT, 0, millis, position, 0, hash(topic));
	}

	/**
	 * Something was erased while it was owed.
	 * @param millis now
	 * @param channel the channel
	 * @param id the id
	 * @param all whether all up to that id was
	 * @param position up to where all was written before
	 */
	public void erased(long millis, ChannelName channel, long id, boolean all, long position) {
		add(all ? Kind.ERASED_ALL : Kind.ERASED, 0, millis, id, position, hash(channel));
	}

	/**
	 * The store forgot what lies above an id: ids up to the position may be given once
	 * more.
	 * @param since the id
	 * @param position up to where all was written
	 */
	public void setBack(long since, long position) {
		if (this.capacity > 0 && position > since) {
			this.twiceFrom = (this.twiceTo != MessageId.ZERO) ? Math.min(this.twiceFrom, since) : since;
			this.twiceTo = Math.max(this.twiceTo, position);
		}
	}

	/**
	 * The client acknowledged everything up to an id.
	 * @param millis now
	 * @param cursor the id
	 */
	public void acknowledged(long millis, long cursor) {
		if (this.capacity == 0) {
			return;
		}
		if (this.acks.isEmpty()) {
			this.acks = new AckTimes();
		}
		this.acks.add(millis, cursor);
	}

	private void add(Kind kind, int detail, long millis, long first, long second, long channel) {
		if (this.capacity == 0) {
			return;
		}
		if (this.size == this.capacity) {
			forgetOldest();
		}
		if (this.size * WORDS == this.log.length) {
			this.log = Arrays.copyOf(this.log, WORDS * Math.min(this.capacity, Math.max(2, 2 * this.size)));
		}
		int at = this.size++ * WORDS;
		this.log[at] = millis << Byte.SIZE | (long) Change.KINDS.indexOf(kind) << 4 | detail;
		this.log[at + 1] = first;
		this.log[at + 2] = second;
		this.log[at + 3] = channel;
	}

	private void forgetOldest() {
		Change oldest = change(0);
		this.forgotten = true;
		switch (oldest.kind()) {
			case LIVE, BEHIND -> {
				this.wasLive = oldest.kind() == Kind.LIVE;
				this.wasAt = oldest.first();
				this.forgottenUpTo = Math.max(this.forgottenUpTo, oldest.first());
			}
			case GAP -> this.forgottenUpTo = Math.max(this.forgottenUpTo, oldest.second());
			case LEFT -> this.topicForgotten = true;
			case ERASED, ERASED_ALL -> this.forgottenUpTo = Math.max(this.forgottenUpTo, oldest.first());
		}
		System.arraycopy(this.log, WORDS, this.log, 0, (this.size - 1) * WORDS);
		this.size--;
	}

	/** As it is now, for another thread. On the loop. */
	public StreamJournal copy() {
		StreamJournal copy = new StreamJournal(this.capacity);
		copy.log = this.log.clone();
		copy.size = this.size;
		copy.acks = this.acks.copy();
		copy.from = this.from;
		copy.resumed = this.resumed;
		copy.starts = this.starts;
		copy.forgottenUpTo = this.forgottenUpTo;
		copy.forgotten = this.forgotten;
		copy.topicForgotten = this.topicForgotten;
		copy.twiceFrom = this.twiceFrom;
		copy.twiceTo = this.twiceTo;
		copy.wasLive = this.wasLive;
		copy.wasAt = this.wasAt;
		return copy;
	}

	/** Writes all that it says. */
	void write(DataOutput out) throws IOException {
		out.writeLong(this.from);
		out.writeByte((this.resumed ? RESUMED : 0) | (this.forgotten ? FORGOTTEN : 0)
				| (this.topicForgotten ? TOPIC_FORGOTTEN : 0) | (this.wasLive ? WAS_LIVE : 0));
		out.writeLong(this.forgottenUpTo);
		out.writeLong(this.wasAt);
		out.writeLong(this.twiceFrom);
		out.writeLong(this.twiceTo);
		out.writeByte(this.size);
		for (int i = 0; i < this.size * WORDS; i++) {
			out.writeLong(this.log[i]);
		}
		this.acks.write(out);
		LongArrays.write(out, this.starts);
	}

	/** Reads one, which notes nothing more. */
	static StreamJournal read(DataInput in) throws IOException {
		StreamJournal journal = new StreamJournal(0);
		journal.from = in.readLong();
		int flags = in.readByte();
		journal.resumed = (flags & RESUMED) != 0;
		journal.forgotten = (flags & FORGOTTEN) != 0;
		journal.topicForgotten = (flags & TOPIC_FORGOTTEN) != 0;
		journal.wasLive = (flags & WAS_LIVE) != 0;
		journal.forgottenUpTo = in.readLong();
		journal.wasAt = in.readLong();
		journal.twiceFrom = in.readLong();
		journal.twiceTo = in.readLong();
		journal.size = in.readUnsignedByte();
		journal.log = LongArrays.read(in, journal.size * WORDS);
		journal.acks = AckTimes.read(in);
		journal.starts = LongArrays.read(in);
		return journal;
	}

	// ---- what it says

	int size() {
		return this.size;
	}

	Change change(int index) {
		int at = index * WORDS;
		long word = this.log[at];
		return new Change(Change.KINDS.get((int) (word >>> 4 & 0xF)), (int) (word & 0xF), word >>> Byte.SIZE,
				this.log[at + 1], this.log[at + 2], this.log[at + 3]);
	}

	long from() {
		return this.from;
	}

	boolean isResumed() {
		return this.resumed;
	}

	/** Whether it does not tell of each topic that was lost. */
	boolean isTopicForgotten() {
		return this.topicForgotten;
	}

	/** Whether two messages may have had an id, of which the store holds one at most. */
	boolean isGivenTwice(long id) {
		return id > this.twiceFrom && id <= this.twiceTo;
	}

	/** Up to which id it does not tell what was. */
	long forgottenUpTo() {
		return this.forgottenUpTo;
	}

	/** Whether the stream was live before the first change that it has. */
	boolean beginsLive() {
		return this.forgotten && this.wasLive;
	}

	/** From where that counts. */
	long beginsAt() {
		return this.forgotten ? Math.max(this.from, this.wasAt) : this.from;
	}

	/** The id above which a channel was asked for; {@link MessageId#ZERO} for all. */
	long startOf(long channel) {
		for (int i = 0; i < this.starts.length; i += 2) {
			if (this.starts[i] == channel) {
				return this.starts[i + 1];
			}
		}
		return MessageId.ZERO;
	}

	/** When a message was acknowledged at the latest, as far as it has that. */
	@Nullable Long acknowledgedBy(long id) {
		return this.acks.by(id);
	}

	/** How much memory it takes. */
	long bytes() {
		return FIXED_BYTES - (this.acks.isEmpty() ? AckTimes.BYTES : 0)
				+ (long) Long.BYTES * (this.log.length + this.starts.length);
	}

	/**
	 * A channel as a number: FNV-1a of 64 bits.
	 * @param channel the channel
	 * @return the number
	 */
	static long hash(ChannelName channel) {
		String text = channel.value();
		long hash = 0xcbf29ce484222325L;
		for (int i = 0; i < text.length(); i++) {
			hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
		}
		return hash;
	}

}
