package io.fanfare.api.publish;

import java.util.List;

import io.fanfare.boot.tracing.Tracing;
import io.fanfare.protocol.Traceparent;
import org.jspecify.annotations.Nullable;

/**
 * The span of a request's messages on their way into Redis: one, however many they are
 * and to however many channels they go. What nodes do with them becomes part of it.
 */
final class PublishSpan {

	private final Tracing.Span span;

	private final List<PreparedMessage> messages;

	private PublishSpan(Tracing.Span span, List<PreparedMessage> messages) {
		this.span = span;
		this.messages = messages;
	}

	/**
	 * Begins one, in the trace of the request if it has one. The messages carry it from
	 * here on.
	 * @param tracing records it
	 * @param messages the messages, of one request; those that carry the span take their
	 * places
	 * @return the span, or null where none is recorded: then the messages carry what the
	 * request said
	 */
	static @Nullable PublishSpan begin(Tracing tracing, List<PreparedMessage> messages) {
		if (messages.isEmpty()) {
			return null;
		}
		Tracing.Span span = tracing.begin("publish", Tracing.Role.PRODUCER,
				Traceparent.parse(messages.getFirst().request().traceparent()));
		if (span == null) {
			return null;
		}
		String carried = span.traceparent().toString();
		messages.replaceAll((message) -> message.carrying(carried));
		return new PublishSpan(span, messages);
	}

	/**
	 * Ends it.
	 * @param receipts what became of the messages; null where that was not found out
	 */
	void end(List<@Nullable Receipt> receipts) {
		try {
			this.span.note("fanfare.messages", this.messages.size());
			this.span.note("fanfare.channels", this.messages.stream().mapToLong(PreparedMessage::channels).sum());
			long stored = 0;
			String failure = null;
			for (PreparedMessage message : this.messages) {
				Receipt receipt = receipts.get(message.index());
				if (receipt instanceof Receipt.Stored) {
					stored++;
				}
				else if (failure == null) {
					failure = reason(receipt);
				}
			}
			this.span.note("fanfare.stored", stored);
			if (this.messages.size() == 1
					&& receipts.get(this.messages.getFirst().index()) instanceof Receipt.Stored only
					&& only.id() != null) {
				this.span.note("fanfare.message.id", only.id());
			}
			if (failure != null) {
				this.span.failed(failure);
			}
		}
		finally {
			this.span.end();
		}
	}

	private static String reason(@Nullable Receipt receipt) {
		return switch (receipt) {
			case Receipt.Refused refused -> refused.problem().name();
			case Receipt.Limited limited -> limited.problem().name();
			case Receipt.Unknown unknown -> unknown.problem().name();
			case Receipt.Stored stored -> "stored";
			case null -> "error";
		};
	}

}
