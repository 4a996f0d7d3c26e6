package io.fanfare.api.user;

import java.time.Instant;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fanfare.api.cluster.ConnectionAnswer;
import io.fanfare.redis.presence.Presence;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Whether a user receives, and where.
 *
 * @param user the user
 * @param online whether a stream is open
 * @param connection which; the rest is absent for a user who is not online
 * @param node the node that holds it
 * @param since when it was opened
 * @param tier its tier
 * @param details what its node tells of it; absent where the node does not answer
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Presence")
record PresenceAnswer(@Schema(example = "alice") String user, boolean online,
		@Schema(example = "node-1.4f9Ka2Qz") @Nullable String connection,
		@Schema(example = "node-1.x7Gh2kPq") @Nullable String node, @Nullable Instant since,
		@Schema(example = "normal") @Nullable String tier, @Nullable ConnectionAnswer details) {

	static PresenceAnswer of(String user, Presence.@Nullable Owner owner, @Nullable ConnectionAnswer details) {
		return (owner != null)
				? new PresenceAnswer(user, true, owner.connection(), owner.node(),
						Instant.ofEpochMilli(owner.openedAt()), owner.tier().wireName(), details)
				: new PresenceAnswer(user, false, null, null, null, null, null);
	}

}
