package io.fanfare.api.publish;

import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.history.Publisher.Receipt;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * What a publish came to.
 *
 * @param id the message's id; null where it went to several users, each with an id
 * @param recipients the users it went to; null where it went to a topic or everyone
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Published(
		@Schema(description = "The message's id. Absent for several users, who have one each.",
				example = "1785000000000-0") @Nullable String id,
		@Schema(description = "The users it went to, in the order of the request. Absent for a topic and for all.") @Nullable List<Recipient> recipients) {

	/**
	 * A user whom a message went to.
	 *
	 * @param user the user
	 * @param id the id of the message in the user's channel
	 * @param online whether a stream of the user is open
	 */
	record Recipient(@Schema(example = "alice") String user, @Schema(example = "1785000000000-0") String id,
			@Schema(description = "Whether a stream of the user was open.") boolean online) {

	}

	static Published of(Target target, List<Receipt> receipts) {
		return switch (target) {
			case Target.Topic topic -> new Published(MessageId.format(receipts.getFirst().id()), null);
			case Target.User user ->
				new Published(MessageId.format(receipts.getFirst().id()), recipients(user.channels(), receipts));
			case Target.Users users -> new Published(null, recipients(users.channels(), receipts));
		};
	}

	private static List<Recipient> recipients(List<ChannelName> channels, List<Receipt> receipts) {
		List<Recipient> recipients = new ArrayList<>(channels.size());
		for (int i = 0; i < channels.size(); i++) {
			Receipt receipt = receipts.get(i);
			recipients.add(new Recipient(channels.get(i).userId(), MessageId.format(receipt.id()),
					Boolean.TRUE.equals(receipt.online())));
		}
		return recipients;
	}

}
