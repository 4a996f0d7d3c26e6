package io.fanfare.api.trace;

import java.time.Instant;
import java.util.List;

import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallResult;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * What became of a message on its way to a user.
 *
 * @param id the message
 * @param channel its channel
 * @param user the user
 * @param stored whether its history holds it
 * @param publishedAt when it took its id
 * @param outcome what became of it
 * @param reason why not, or null
 * @param at when it was written or acknowledged at the latest, or null
 * @param complete whether everything is known that could be
 * @param missing what is not known
 * @param routes the nodes that were handed it
 * @param streams the streams of the user
 */
@Schema(name = "MessageTrace")
record TraceAnswer(@Schema(ref = "#/components/schemas/MessageId") String id,
		@Schema(ref = "#/components/schemas/ChannelName") String channel,
		@Schema(ref = "#/components/schemas/UserId") String user,
		@Schema(description = "Whether the history holds it: trimmed where that begins above it, absent where it was not stored, or was erased.",
				allowableValues = {
						"stored", "trimmed", "absent" }) String stored,
		Instant publishedAt,
		@Schema(allowableValues = { "acknowledged", "written", "replayed", "owed", "not-delivered",
				"unknown" }) String outcome,
		@Schema(types = { "string", "null" },
				description = "Why it was not delivered, or is not yet.") @Nullable String reason,
		@Schema(types = { "string", "null" }, format = "date-time",
				description = "When it was written, or acknowledged, at the latest.") @Nullable Instant at,
		boolean complete, List<Missing> missing, List<Routed> routes, List<Stream> streams){

	/**
	 * Something that is not known.
	 *
	 * @param node which node does not tell; null where it is not known which nodes there
	 * were
	 * @param reason why not
	 */
	@Schema(name = "MissingTrace")
	record Missing(@Schema(types = {
			"string", "null" }, example = "node-1.x7Gh2kPq") @Nullable String node,
			@Schema(allowableValues = { "unanswered", "departed", "forgotten", "unwitnessed" }) String reason){

	}

	/**
	 * A node that was handed the message.
	 *
	 * @param node the node
	 * @param at when, by its clock
	 * @param to connection where presence named one of that node, else all
	 * @param held whether the node had that connection
	 */
	@Schema(name = "RoutedMessage")
	record Routed(@Schema(example = "node-1.x7Gh2kPq") String node, Instant at, @Schema(allowableValues = {
			"connection", "all" }) String to, boolean held){

		static Routed of(String node, CallResult.Route route) {
			return new Routed(node, Instant.ofEpochMilli(route.at()), route.named() ? "connection" : "all",
					route.held());
		}

	}

	/**
	 * What a stream did with the message.
	 *
	 * @param connection the stream
	 * @param node its node
	 * @param openedAt when it was opened
	 * @param endedAt when it ended, or null while it is open
	 * @param ending why it ended, or null
	 * @param from the id above which it was to receive
	 * @param resumed whether its client gave that id
	 * @param step what it did
	 * @param reason more about that, or null
	 * @param at when it was written at the latest, or null
	 * @param acknowledgedAt when it was acknowledged at the latest, or null
	 */
	@Schema(name = "StreamTrace")
	record Stream(@Schema(example = "node-1.4f9Ka2QzZk3Lm8Rp") String connection,
			@Schema(example = "node-1.x7Gh2kPq") String node, Instant openedAt, @Schema(types = {
					"string", "null" }, format = "date-time") @Nullable Instant endedAt,
			@Schema(types = { "string", "null" }, example = "takeover") @Nullable String ending,
			@Schema(ref = "#/components/schemas/MessageId") String from, boolean resumed,
			@Schema(allowableValues = { "written", "replayed", "owed", "gap", "ephemeral", "expired", "erased",
					"no-right", "before", "missed", "unknown" }) String step,
			@Schema(types = { "string", "null" }) @Nullable String reason,
			@Schema(types = { "string", "null" }, format = "date-time") @Nullable Instant at,
			@Schema(types = { "string", "null" }, format = "date-time") @Nullable Instant acknowledgedAt){

		static Stream of(String node, CallResult.StreamTrace stream) {
			return new Stream(stream.connection(), node, Instant.ofEpochMilli(stream.openedAt()),
					instant(stream.endedAt()), stream.ending(), stream.from(), stream.resumed(), stream.step(),
					stream.reason(), instant(stream.at()), instant(stream.acknowledgedAt()));
		}

	}

	static @Nullable Instant instant(@Nullable Long millis) {
		return (millis != null) ? Instant.ofEpochMilli(millis) : null;
	}

	static Instant published(long id) {
		return Instant.ofEpochMilli(MessageId.timestamp(id));
	}

}
