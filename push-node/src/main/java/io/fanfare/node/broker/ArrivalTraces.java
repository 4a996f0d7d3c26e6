package io.fanfare.node.broker;

import io.fanfare.protocol.Frame;
import org.jspecify.annotations.Nullable;

/** Begins the spans of messages that arrive. */
@FunctionalInterface
public interface ArrivalTraces {

	/**
	 * A message arrived. Called by the thread that reads Redis; must not block.
	 * @param published the message
	 * @return its span, or null where none is recorded
	 */
	@Nullable DeliverySpan arrived(Frame.Published published);

}
