package io.fanfare.api.revocation;

import java.time.Instant;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fanfare.redis.revocation.Revocation;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A revocation that is in force.
 *
 * @param user the user, absent for a token
 * @param channel the topic, absent where all is taken away
 * @param jti the id of the token, absent for a user
 * @param issuedBefore tokens issued in this second or before are refused
 * @param until until then every token is refused, absent without such a time
 * @param validFrom tokens issued from then on are accepted
 * @param reason why
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Revocation")
record RevocationAnswer(@Schema(example = "alice") @Nullable String user,
		@Schema(example = "news") @Nullable String channel, @Schema(example = "6f1c2a") @Nullable String jti,
		Instant issuedBefore, @Nullable Instant until, Instant validFrom, @Schema(example = "revoked") String reason) {

	static RevocationAnswer of(Revocation revocation, @Nullable String jti) {
		String user = switch (revocation.target()) {
			case Revocation.OfUser(String name) -> name;
			case Revocation.OfTopic(String name, String topic) -> name;
			case Revocation.OfToken(String hash) -> null;
		};
		return new RevocationAnswer(user,
				(revocation.target() instanceof Revocation.OfTopic(String name, String topic)) ? topic : null, jti,
				Instant.ofEpochMilli(revocation.issuedBefore()),
				(revocation.until() > 0) ? Instant.ofEpochMilli(revocation.until()) : null,
				Instant.ofEpochMilli(revocation.validFrom()), revocation.reason());
	}

}
