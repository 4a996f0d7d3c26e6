package io.fanfare.api.auth;

import java.time.Duration;
import java.util.List;

import io.fanfare.api.json.CommonRules;
import io.fanfare.api.json.Description;
import io.fanfare.api.json.Field;
import io.fanfare.api.json.RequestRules;
import io.fanfare.api.json.Rule;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ChannelPattern;
import io.fanfare.protocol.TokenLimits;

import org.springframework.stereotype.Component;

/** What a request for a token may hold. */
@Component
final class TokenRules implements RequestRules {

	static final Field<Rule.Text> USER = Field.required("user",
			CommonRules.userId("must have " + ChannelName.USER_RULE));

	static final Field<Rule.Items<Rule.Pattern>> CHANNELS = Field.optional("channels",
			new Rule.Items<>(
					Description.inside(
							"The topics it may subscribe to, each a name, a prefix such as orders:*, or *. None unless"
									+ " given. Each makes the token longer, and browsers keep no cookie above 4 KiB."),
					new Rule.Pattern(Description.NONE, ChannelPattern::isOfTopics, ChannelPattern.TOPICS, 0,
							ChannelPattern.MAX_TOPICS_LENGTH, "must be a topic, a prefix such as orders:*, or *"),
					TokenLimits.MAX_CHANNELS, null));

	static final Field<Rule.Choice> TIER = Field.optional("tier", CommonRules.tier());

	final Field<Rule.Span> ttl;

	final Rule.Plain token;

	TokenRules(TokenSettings settings) {
		this.ttl = Field.optional("ttl", new Rule.Span(Description
			.inside("How long it is valid, an ISO-8601 duration of at least a second. An hour unless given, and a day"
					+ " at most, unless set otherwise.")
			.example("PT15M"), Duration.ofSeconds(1), settings.maxTtl()));
		this.token = Rule.Plain.of(Description.of("TokenRequest", "What a stream token allows."), USER, CHANNELS, TIER,
				this.ttl);
	}

	@Override
	public List<Rule> rules() {
		return List.of(this.token);
	}

}
