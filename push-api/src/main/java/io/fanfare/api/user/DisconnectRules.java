package io.fanfare.api.user;

import java.util.List;

import io.fanfare.api.json.CommonRules;
import io.fanfare.api.json.Description;
import io.fanfare.api.json.Field;
import io.fanfare.api.json.RequestRules;
import io.fanfare.api.json.Rule;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Tier;

import org.springframework.stereotype.Component;

/** What requests that end streams may hold. */
@Component
final class DisconnectRules implements RequestRules {

	private static final int MAX_USERS = 1000;

	static final Field<Rule.Choice> REASON_FOR_ONE = DisconnectNotice
		.reason(Description.inside("What the client is told."), DisconnectNotice.STAY_AWAY);

	static final Field<Rule.Choice> REASON_FOR_MANY = DisconnectNotice.reason(
			Description.of("Reason",
					"What clients are told. After maintenance they come back, after the others not by themselves."),
			DisconnectNotice.ANY);

	static final Rule.Plain ONE = Rule.Plain.of(Description.of("DisconnectRequest", "How a user's stream ends."),
			DisconnectNotice.MODE, DisconnectNotice.DELAY, DisconnectNotice.MESSAGE, DisconnectNotice.BLOCK,
			REASON_FOR_ONE);

	static final Field<Rule.Items<Rule.Text>> USERS = Field.optional("users", new Rule.Items<>(Description.NONE,
			CommonRules.userId("must have " + ChannelName.USER_RULE), MAX_USERS, "is named twice"));

	static final Field<Rule.Text> CHANNEL = Field.optional("channel", CommonRules.topic("must be a topic"));

	static final Field<Rule.Choice> TIER = Field.optional("tier",
			new Rule.Choice(Description.NONE, CommonRules.TIERS, "must be " + Tier.RULE));

	static final Field<Rule.Text> NODE = Field.optional("node", new Rule.Text(
			Description.of("NodeName", "A node's identity or name.").example("node-1"), null, "must not be empty"));

	static final Field<Rule.Truth> ALL = Field.optional("all",
			new Rule.Truth(Description.inside("Must be true.").example(true)));

	static final Rule.ExactlyOne MANY = Rule.ExactlyOne.of(Description.of("DisconnectManyRequest",
			"Whose streams end: exactly one of users, channel, tier, node and all. Those that are null or empty count as"
					+ " absent, and so does all where it is false."),
			choice("DisconnectUsers", "Ends the streams of some users, none of them named twice.", USERS),
			choice("DisconnectTopic", "Ends all streams that are subscribed to a topic.", CHANNEL),
			choice("DisconnectTier", "Ends all streams of a tier.", TIER),
			choice("DisconnectNode", "Ends all streams of a node.", NODE),
			choice("DisconnectAll", "Ends all streams.", ALL));

	private static Rule.Plain choice(String schema, String text, Field<?> field) {
		return Rule.Plain.of(Description.of(schema, text), field, DisconnectNotice.MODE, DisconnectNotice.DELAY,
				DisconnectNotice.MESSAGE, DisconnectNotice.BLOCK, REASON_FOR_MANY);
	}

	@Override
	public List<Rule> rules() {
		return List.of(ONE, MANY);
	}

}
