package io.fanfare.test.sse;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * One block of an event stream: the lines up to a blank one. Comments that came since the
 * block before belong to it, such as heartbeats.
 *
 * @param id the last {@code id} field; null if there was none
 * @param event the last {@code event} field; null if there was none
 * @param data the {@code data} fields, joined by LF; null if there was none, and then the
 * block fires no event
 * @param comments the comment lines without their colon
 * @param retry the last valid {@code retry} field; null if there was none
 * @param raw the text as it came, with its line ends and the blank line
 * @param at when its last byte was read
 * @see <a href=
 * "https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation">HTML,
 * interpreting an event stream</a>
 */
public record SseBlock(@Nullable String id, @Nullable String event, @Nullable String data, List<String> comments,
		@Nullable Duration retry, String raw, Instant at) {

	public SseBlock {
		comments = List.copyOf(comments);
	}

	/**
	 * The type of event that a browser would fire.
	 * @return the {@code event} field, or {@code message}
	 */
	public String type() {
		return (this.event == null || this.event.isEmpty()) ? "message" : this.event;
	}

	/**
	 * Whether the block fires an event of that type.
	 * @param type an event's name, or {@code message}
	 * @return whether a listener for the type would be called
	 */
	public boolean fires(String type) {
		return this.data != null && type().equals(type);
	}

}
