package io.fanfare.api.channel;

import java.util.List;

import io.fanfare.api.json.Description;
import io.fanfare.api.json.RequestRules;
import io.fanfare.api.json.Rule;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;

import org.springframework.stereotype.Component;

/** What the parameters of calls about channels may be. */
@Component
final class ChannelRules implements RequestRules {

	static final Rule.Pattern MESSAGE_ID = new Rule.Pattern(
			Description.of("MessageId", "The id of a message.").example("1785000000000-0"),
			(text) -> text.isEmpty() || MessageId.tryParse(text) != null, "^(" + MessageId.PATTERN + ")?$", 0,
			Integer.MAX_VALUE, "must be a message id such as 1785000000000-0");

	private static final Rule.Pattern CHANNEL = new Rule.Pattern(
			Description.of("ChannelName", "A topic, all, or user: and a user's id.").example("news"),
			ChannelName::isValid, ChannelName.PATTERN, 1, ChannelName.MAX_LENGTH, ChannelName.TOPIC_RULE);

	@Override
	public List<Rule> rules() {
		return List.of(CHANNEL, MESSAGE_ID);
	}

}
