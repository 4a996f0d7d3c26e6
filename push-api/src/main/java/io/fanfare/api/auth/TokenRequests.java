package io.fanfare.api.auth;

import java.time.Duration;
import java.util.List;

import io.fanfare.api.json.Fields;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.Tier;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/** Reads requests for rights to streams, be it as tokens or as tickets. */
@Component
public final class TokenRequests {

	private final TokenSettings settings;

	private final TokenRules rules;

	TokenRequests(TokenSettings settings, TokenRules rules) {
		this.settings = settings;
		this.rules = rules;
	}

	/**
	 * A right that was asked for, and that the caller may grant.
	 *
	 * @param user the user
	 * @param channels the topics it covers, or null for none
	 * @param tier the tier, or null for that of tokens that name none
	 * @param ttl how long it is valid
	 */
	public record TokenRequest(String user, @Nullable List<String> channels, @Nullable Tier tier, Duration ttl) {

	}

	/**
	 * Reads a request.
	 * @param body its body
	 * @param caller the caller
	 * @return what it asks for
	 * @throws ProblemException if rights are not granted here, the body is not valid, or
	 * the caller may not grant as much
	 */
	public TokenRequest read(JsonBody body, Caller caller) {
		if (!this.settings.enabled()) {
			throw ProblemException.of(ProblemType.NOT_FOUND,
					"Tokens are not made here: fanfare.tokens.enabled is false");
		}
		Fields fields = body.fields(this.rules.token);
		String user = fields.read(TokenRules.USER);
		List<String> channels = fields.values(TokenRules.CHANNELS);
		String tier = fields.read(TokenRules.TIER);
		Duration ttl = fields.read(this.rules.ttl);
		if (user == null || !body.errors().isEmpty()) {
			throw body.errors().problem();
		}
		Tier granted = caller.requireTokenFor(user, (tier != null) ? Tier.find(tier) : null, channels);
		return new TokenRequest(user, channels, granted, (ttl != null) ? ttl : this.settings.defaultTtl());
	}

}
