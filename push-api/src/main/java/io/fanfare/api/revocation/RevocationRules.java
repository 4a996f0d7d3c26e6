package io.fanfare.api.revocation;

import java.util.List;

import io.fanfare.api.json.CommonRules;
import io.fanfare.api.json.Description;
import io.fanfare.api.json.Field;
import io.fanfare.api.json.RequestRules;
import io.fanfare.api.json.Rule;
import io.fanfare.protocol.ChannelName;

import org.springframework.stereotype.Component;

/** What a request that takes a right away may hold. */
@Component
final class RevocationRules implements RequestRules {

	/** The longest id of a token that can be named. */
	static final int MAX_TOKEN_ID = 1024;

	static final Field<Rule.Text> USER = Field.optional("user",
			CommonRules.userId("must have " + ChannelName.USER_RULE));

	static final Field<Rule.Pattern> TOKEN = Field.optional("jti",
			new Rule.Pattern(Description.inside("The id of a token, its claim jti.").example("6f1c2a"),
					RevocationRules::isTokenId, "^[\\s\\S]+$", 1, MAX_TOKEN_ID,
					"must have 1 to " + MAX_TOKEN_ID + " characters"));

	static final Field<Rule.Text> CHANNEL = Field.optional("channel",
			new Rule.Text(Description.inside("A topic, which the user's streams lose.").example("news"),
					ChannelName.TOPIC, "must be a topic"));

	static final Field<Rule.Moment> ISSUED_BEFORE = Field.optional("issuedBefore",
			new Rule.Moment(Description
				.inside("Tokens that were issued in this second or before are refused: an ISO-8601 time, or"
						+ " milliseconds since the epoch. Now unless given, and not in the future.")));

	static final Field<Rule.Text> REASON = Field.optional("reason",
			CommonRules.line("Why. A client that loses a topic is given it."));

	static final Rule.ExactlyOne REVOCATION = Rule.ExactlyOne.of(
			Description.of("RevocationRequest",
					"What is taken away: all that a user's tokens grant, a topic that they grant, or all that one token"
							+ " grants."),
			Rule.Plain.of(Description.of("RevokeUser", "Of a user; a topic only where channel is given."), USER,
					CHANNEL, ISSUED_BEFORE, REASON),
			Rule.Plain.of(Description.of("RevokeToken", "Of a token."), TOKEN, ISSUED_BEFORE, REASON));

	static boolean isTokenId(String text) {
		return !text.isEmpty() && text.length() <= MAX_TOKEN_ID;
	}

	@Override
	public List<Rule> rules() {
		return List.of(REVOCATION);
	}

}
