package io.fanfare.protocol.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;

import io.fanfare.protocol.MessageId;

/** Reads what a script returned, from front to back. */
final class Reply {

	private final List<Object> values;

	private int next;

	Reply(List<Object> values) {
		this.values = values;
	}

	boolean hasNext() {
		return this.next < this.values.size();
	}

	int remaining() {
		return this.values.size() - this.next;
	}

	byte[] bytes() {
		return (byte[]) this.values.get(this.next++);
	}

	String text() {
		return new String(bytes(), StandardCharsets.UTF_8);
	}

	long id() {
		return MessageId.parse(text());
	}

	/** An id, or {@link MessageId#ZERO} where the script found none. */
	long idOrZero() {
		String text = text();
		return text.isEmpty() ? MessageId.ZERO : MessageId.parse(text);
	}

	long number() {
		return (Long) this.values.get(this.next++);
	}

}
