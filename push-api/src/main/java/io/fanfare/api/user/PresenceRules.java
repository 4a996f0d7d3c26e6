package io.fanfare.api.user;

import java.util.List;

import io.fanfare.api.json.CommonRules;
import io.fanfare.api.json.Description;
import io.fanfare.api.json.Field;
import io.fanfare.api.json.RequestRules;
import io.fanfare.api.json.Rule;
import io.fanfare.protocol.ChannelName;

import org.springframework.stereotype.Component;

/** What a question about many users may hold. */
@Component
final class PresenceRules implements RequestRules {

	static final int MAX_USERS = 1000;

	static final Field<Rule.Items<Rule.Text>> USERS = Field.required("users", new Rule.Items<>(Description.NONE,
			CommonRules.userId("must have " + ChannelName.USER_RULE), MAX_USERS, "is named twice"));

	static final Rule.Plain MANY = Rule.Plain
		.of(Description.of("PresenceRequest", "The users to look for, none of them named twice."), USERS);

	@Override
	public List<Rule> rules() {
		return List.of(MANY);
	}

}
