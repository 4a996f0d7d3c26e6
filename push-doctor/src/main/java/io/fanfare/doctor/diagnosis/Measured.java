package io.fanfare.doctor.diagnosis;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * Figures of a run; null where there is none.
 *
 * @param protocol as ALPN names it
 * @param heartbeatMs between two heartbeats of the node
 * @param skewMs by how much the client's clock is ahead at least, or behind if negative
 * @param heldMs how long a block was held back at most
 * @param heldBytes how many bytes were sent when what was held back came through
 * @param cutAfterSilenceMs how long the stream had been silent when it was cut
 * @param cutAfterMs how old the stream was when it was cut
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Measured(@Nullable String protocol, @Nullable Long heartbeatMs, @Nullable Long skewMs,
		@Nullable Long heldMs, @Nullable Long heldBytes, @Nullable Long cutAfterSilenceMs, @Nullable Long cutAfterMs) {

}
