package io.fanfare.api.publish;

import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fanfare.api.problem.Problem;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.history.PublishQuota;
import io.fanfare.redis.history.Publisher;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** What became of a message, and what is answered. */
sealed interface Receipt {

	/**
	 * It is stored, or was by an earlier request with the same key.
	 *
	 * @param id the message's id; null where it went to several users, each with an id
	 * @param recipients the users it went to; null where it went to a topic or everyone
	 * @param streams how many streams are open; null where it did not go to everyone, or
	 * where that is not known
	 * @param replayed whether this is the answer of the earlier request
	 */
	@Schema(name = "Published")
	@JsonInclude(JsonInclude.Include.NON_NULL)
	record Stored(
			@Schema(description = "The message's id. Absent for several users, who have one each.",
					example = "1785000000000-0") @Nullable String id,
			@Schema(description = "The users it went to, in the order of the request. Absent for a topic and for all.") @Nullable List<Recipient> recipients,
			@Schema(description = "How many streams a message to all reaches, as nodes reported at most some seconds ago. Absent for others.",
					example = "1200") @Nullable Integer streams,
			@JsonIgnore boolean replayed) implements Receipt {

		static Stored of(Target target, Publisher.Result.Stored result) {
			return of(target, result.receipts(), result.replayed());
		}

		static Stored of(Target target, List<Publisher.Receipt> given, boolean replayed) {
			String first = MessageId.format(given.getFirst().id());
			return switch (target) {
				case Target.Topic topic -> new Stored(first, null, null, replayed);
				case Target.User user -> new Stored(first, recipients(user.channels(), given), null, replayed);
				case Target.Users users -> new Stored(null, recipients(users.channels(), given), null, replayed);
			};
		}

		/** The same, with the number of streams that it reaches. */
		Stored reaching(int open) {
			return new Stored(this.id, this.recipients, open, this.replayed);
		}

		private static List<Recipient> recipients(List<ChannelName> channels, List<Publisher.Receipt> given) {
			List<Recipient> recipients = new ArrayList<>(channels.size());
			for (int i = 0; i < channels.size(); i++) {
				recipients.add(new Recipient(channels.get(i).userId(), MessageId.format(given.get(i).id()),
						Boolean.TRUE.equals(given.get(i).online())));
			}
			return recipients;
		}

	}

	/**
	 * A user to whom a message went.
	 *
	 * @param user the user
	 * @param id the id of the message in the user's channel
	 * @param online whether a stream of the user is open
	 */
	record Recipient(@Schema(example = "alice") String user, @Schema(example = "1785000000000-0") String id,
			@Schema(description = "Whether a stream of the user was open.") boolean online) {

	}

	/**
	 * It is not stored.
	 *
	 * @param problem why
	 */
	record Refused(Problem problem) implements Receipt {

	}

	/**
	 * It is not stored: a quota of the caller is used up.
	 *
	 * @param problem which
	 * @param limit the same, for what follows in the request
	 */
	record Limited(Problem problem, PublishQuota.Refusal limit) implements Receipt {

	}

	/**
	 * It may be stored, for some recipients at least, by this request or by an earlier
	 * one with the same key.
	 *
	 * @param problem why that is unknown
	 */
	record Unknown(Problem problem) implements Receipt {

	}

}
