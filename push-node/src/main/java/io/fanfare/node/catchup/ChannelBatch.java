package io.fanfare.node.catchup;

import java.util.List;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Predecessor;
import io.fanfare.redis.history.History;
import org.jspecify.annotations.Nullable;

/**
 * A batch of one channel, rendered.
 *
 * @param from the position it was read from
 * @param upTo the id up to which it is complete
 * @param since the id below which Redis may have lost something
 * @param complete whether nothing more was retained above it
 * @param predecessor what came before the first message; without messages, the channel's
 * last id
 * @param messages the messages, in id order
 * @param unreadable ids of entries that stand between them and cannot be read
 * @param bytes how much memory the messages take, about
 */
record ChannelBatch(long from, long upTo, long since, boolean complete, Predecessor predecessor, List<Message> messages,
		List<Long> unreadable, long bytes) {

	static ChannelBatch render(ChannelName channel, long from, History.Batch batch) {
		List<Message> messages = batch.entries()
			.stream()
			.map((entry) -> Message.render(entry.id(), channel, entry.envelope()))
			.toList();
		long bytes = messages.stream().mapToLong((message) -> message.block().length + 64).sum();
		return new ChannelBatch(from, batch.upTo(), batch.dataLossFloor(), batch.complete(), batch.predecessor(),
				messages, batch.unreadable(), bytes);
	}

	/** Whether it answers a read from that position, and brings it further. */
	boolean covers(long position) {
		return this.from <= position && position < this.upTo;
	}

	/**
	 * What is missing above a position that this batch covers. A message at or below the
	 * position cannot be missing, so only what came before the first message above it
	 * counts.
	 */
	@Nullable Gap gapAbove(ChannelName channel, long position, long vouchedSince, long now) {
		boolean begins = first() > position;
		boolean trimmed = begins && this.predecessor.isAbove(position, now);
		if (this.since > position && this.since > vouchedSince) {
			long to = trimmed ? Math.max(this.since, this.predecessor.id()) : this.since;
			return new Gap(channel, position, to, Gap.Reason.DATA_LOSS);
		}
		return trimmed ? new Gap(channel, position, this.predecessor.id(), Gap.Reason.RETENTION) : null;
	}

	/** The first entry. */
	private long first() {
		long message = this.messages.isEmpty() ? Long.MAX_VALUE : this.messages.getFirst().id();
		return this.unreadable.isEmpty() ? message : Math.min(message, this.unreadable.getFirst());
	}

	/**
	 * What of a stretch cannot be read, up to the last such entry.
	 */
	@Nullable Gap unreadable(ChannelName channel, long position, long upTo) {
		return this.unreadable.stream()
			.filter((id) -> id > position && id <= upTo)
			.max(Long::compare)
			.map((to) -> new Gap(channel, position, to, Gap.Reason.DATA_LOSS))
			.orElse(null);
	}

	/**
	 * What a connection missed of its user's channel, which it received for sure only up
	 * to an id below its position. The batch was read from there: what it has up to the
	 * position, and was not received all the same, was hidden from the connection, and
	 * comes too late to be in order.
	 */
	@Nullable Gap hidden(ChannelName channel, Standing standing, long now) {
		long from = standing.received();
		Gap gap = gapAbove(channel, from, standing.vouchedSince(), now);
		if (gap != null && gap.to() > standing.position()) {
			return gap;
		}
		boolean any = gap != null || unreadable(channel, from, standing.position()) != null;
		for (Message message : this.messages) {
			any |= message.id() > from && message.id() <= standing.position() && !message.isExpired(now)
					&& !standing.receivedAlso().contains(message.id());
		}
		return any ? new Gap(channel, from, standing.position(), Gap.Reason.PRESENCE_LOSS) : null;
	}

}
