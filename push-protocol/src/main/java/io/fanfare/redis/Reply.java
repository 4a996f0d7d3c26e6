package io.fanfare.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;

import io.fanfare.protocol.MessageId;

/** Reads what a script returned, from front to back. */
public final class Reply {

	private final List<Object> values;

	private int next;

	public Reply(List<Object> values) {
		this.values = values;
	}

	public boolean hasNext() {
		return this.next < this.values.size();
	}

	public int remaining() {
		return this.values.size() - this.next;
	}

	public byte[] bytes() {
		return (byte[]) this.values.get(this.next++);
	}

	public String text() {
		return new String(bytes(), StandardCharsets.UTF_8);
	}

	public long id() {
		return MessageId.parse(text());
	}

	/** An id, or {@link MessageId#ZERO} where the script found none. */
	public long idOrZero() {
		String text = text();
		return text.isEmpty() ? MessageId.ZERO : MessageId.parse(text);
	}

	public long number() {
		return (Long) this.values.get(this.next++);
	}

}
