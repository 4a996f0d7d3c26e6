package io.fanfare.api.cluster;

import java.time.Instant;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fanfare.protocol.ConnectionStatus;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A connection as operators see it.
 *
 * @param connection its id
 * @param node the node's identity
 * @param user the user
 * @param client the page
 * @param tier its tier
 * @param address where the client is, or its proxy; absent for callers who may not see it
 * @param state its state
 * @param createdAt when it asked for a stream
 * @param lastActivityAt when it last had a message or acknowledged
 * @param lastAcknowledgedAt when it last acknowledged; absent if it never did
 * @param acknowledged everything up to this id was received, as its client says; absent
 * if it never said so
 * @param acknowledgedAbove how many messages above that it acknowledged singly; absent
 * for none
 * @param roundTripMs from its last probe to its answer; absent without one
 * @param messagesSent messages written to it
 * @param bytesSent bytes written to it, before compression
 * @param errors missed acknowledgements, unanswered probes and stalls
 * @param durationSeconds how long it is open, or was
 * @param closedAt when it ended; absent while it is open, and so is the reason
 * @param reason why it ended
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Connection")
public record ConnectionAnswer(@Schema(example = "node-1.x7Gh2kPq.4f9Ka2QzbT81LmNe") String connection,
		@Schema(example = "node-1.x7Gh2kPq") String node, @Schema(example = "alice") String user,
		@Schema(example = "4f9Ka2Qz") String client, @Schema(example = "normal") String tier,
		@Schema(description = "Absent without the scope admin.", example = "203.0.113.7") @Nullable String address,
		@Schema(allowableValues = {
				"connecting", "waiting", "active", "idle", "error", "closed" }) String state,
		Instant createdAt, Instant lastActivityAt, @Nullable Instant lastAcknowledgedAt,
		@Schema(example = "1764288000000-0") @Nullable String acknowledged, @Nullable Integer acknowledgedAbove,
		@Nullable Double roundTripMs, long messagesSent, long bytesSent, int errors, double durationSeconds,
		@Nullable Instant closedAt, @Schema(example = "lifetime") @Nullable String reason){

	/**
	 * Makes it of what a node reported.
	 * @param told what it reported
	 * @param withAddress whether the address is shown
	 * @return the answer
	 */
	public static ConnectionAnswer of(ConnectionStatus told, boolean withAddress) {
		return new ConnectionAnswer(told.connection(), told.node(), told.user(), told.client(), told.tier(),
				withAddress ? told.address() : null, told.state(), Instant.ofEpochMilli(told.createdAt()),
				Instant.ofEpochMilli(told.lastActivityAt()),
				(told.lastAcknowledgedAt() != 0) ? Instant.ofEpochMilli(told.lastAcknowledgedAt()) : null,
				told.acknowledged(), told.acknowledgedAbove(),
				(told.roundTripMicros() != 0) ? told.roundTripMicros() / 1000.0 : null, told.messagesSent(),
				told.bytesSent(), told.errors(), told.durationMs() / 1000.0,
				(told.reason() != null) ? Instant.ofEpochMilli(told.createdAt() + told.durationMs()) : null,
				told.reason());
	}

}
