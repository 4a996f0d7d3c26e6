package io.fanfare.node.connection;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

import io.fanfare.protocol.MessageId;
import org.jspecify.annotations.Nullable;

/**
 * Which messages of a stream its client says that it received: everything up to a cursor,
 * and some above it. Neither ever lies above what was written to the stream, and the
 * cursor never goes back while ids do not. A value; most streams share {@link #NOTHING}.
 */
final class Acknowledged {

	/** It said nothing yet. */
	static final Acknowledged NOTHING = new Acknowledged(MessageId.ZERO, new long[0]);

	/** So many of the newest single ids are kept. */
	static final int MAX_ABOVE = 100;

	private final long cursor;

	/** In order. */
	private final long[] above;

	private Acknowledged(long cursor, long[] above) {
		this.cursor = cursor;
		this.above = above;
	}

	/**
	 * The client says more.
	 * @param upTo everything up to here was received, {@link MessageId#ZERO} for nothing
	 * @param ids single messages that were received
	 * @param written the cursor of the stream: nothing above it was written
	 * @return what is acknowledged then
	 */
	Acknowledged and(long upTo, List<Long> ids, long written) {
		if (upTo == MessageId.ZERO && ids.isEmpty()) {
			return this;
		}
		long to = Math.max(this.cursor, Math.min(upTo, written));
		return of(to, LongStream.concat(LongStream.of(this.above), ids.stream().mapToLong(Long::longValue))
			.filter((id) -> id > to && id <= written));
	}

	/**
	 * The store forgot what lies above an id: those ids may be given once more.
	 * @param since the id
	 * @return what is acknowledged then
	 */
	Acknowledged setBack(long since) {
		return of(Math.min(this.cursor, since), LongStream.of(this.above).filter((id) -> id <= since));
	}

	private static Acknowledged of(long cursor, LongStream above) {
		long[] ids = above.sorted().distinct().toArray();
		return new Acknowledged(cursor,
				(ids.length > MAX_ABOVE) ? Arrays.copyOfRange(ids, ids.length - MAX_ABOVE, ids.length) : ids);
	}

	/** Up to which id everything was received; {@link MessageId#ZERO} for nothing. */
	long cursor() {
		return this.cursor;
	}

	/** Messages above the cursor that were received, in order; not to be changed. */
	long[] above() {
		return this.above;
	}

	/** Whether a message was received, as far as is known. */
	boolean contains(long id) {
		return id <= this.cursor || Arrays.binarySearch(this.above, id) >= 0;
	}

	/** The cursor as it is shown; null where nothing is known. */
	@Nullable String shownCursor() {
		return (this.cursor != MessageId.ZERO) ? MessageId.format(this.cursor) : null;
	}

	/** How many ids above the cursor are acknowledged; null for none. */
	@Nullable Integer shownAbove() {
		return (this.above.length > 0) ? this.above.length : null;
	}

}
