package io.fanfare.redis.history;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.Pieces;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;
import org.jspecify.annotations.Nullable;

/**
 * Publishes messages: one script stores them, finds who receives them and hands them to
 * the nodes.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time; the message may have been stored then, and a repetition
 * is exact only with an idempotency key.
 */
public final class Publisher {

	private static final byte[] NONE = new byte[0];

	private static final String REFUSED = "refused ";

	private static final String LIMITED = "limited ";

	private static final String QUOTA = "quota ";

	private final CommandLink link;

	private final RedisKeys keys;

	private final byte[] length;

	private final byte[] age;

	/** The keys that every call names first. */
	private final List<byte[]> callKeys;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param length how many messages a channel retains
	 * @param age how long a message is retained
	 */
	public Publisher(CommandLink link, RedisKeys keys, int length, Duration age) {
		this.link = link;
		this.keys = keys;
		this.length = RedisKeys.bytes(Integer.toString(length));
		this.age = RedisKeys.bytes(Long.toString(age.toMillis()));
		this.callKeys = List.of(keys.clock(), keys.run(), keys.since(), keys.last(), keys.presence());
	}

	/**
	 * What makes a repeated publish exact.
	 *
	 * @param apiKey whose key it is: the name of the API key, or the subject of the token
	 * @param key the key
	 * @param bodyHash a hash of the request, without {@code |}
	 * @param kept how long the answer is kept
	 * @param piece which further piece of the message it is for; null for a whole message
	 * and for the first piece, whose answer stands under the key itself
	 */
	public record Idempotency(String apiKey, String key, String bodyHash, Duration kept, @Nullable Piece piece) {

		/** For a whole message, or for its first piece. */
		public Idempotency(String apiKey, String key, String bodyHash, Duration kept) {
			this(apiKey, key, bodyHash, kept, null);
		}

		/**
		 * The same for a further piece of the message.
		 * @param further which
		 * @return what makes that piece exact
		 */
		public Idempotency of(Piece further) {
			return new Idempotency(this.apiKey, this.key, this.bodyHash, this.kept, further);
		}

	}

	/**
	 * A piece of a message behind the first. Its record is found by what the first was
	 * given, as the first's record has it: so it belongs to that very message, and not to
	 * another one of which the key was used when the first record had ended.
	 *
	 * @param first the first id that the first piece was given
	 * @param number which piece, from 1
	 */
	public record Piece(long first, int number) {

	}

	/**
	 * A message that is to be published.
	 *
	 * @param channels its channels, one at least
	 * @param envelope the message
	 * @param idempotency what makes a repetition exact, or null
	 * @param charge what it takes of the caller's quotas, where there are any
	 * @param within by when each user's verdict is due, or null where none is wanted; not
	 * of an ephemeral message
	 */
	public record Request(List<ChannelName> channels, Envelope envelope, @Nullable Idempotency idempotency,
			PublishQuota.Charge charge, @Nullable Duration within) {

		/** Without a verdict. */
		public Request(List<ChannelName> channels, Envelope envelope, @Nullable Idempotency idempotency,
				PublishQuota.Charge charge) {
			this(channels, envelope, idempotency, charge, null);
		}

		/** Takes nothing of any quota. */
		public Request(List<ChannelName> channels, Envelope envelope, @Nullable Idempotency idempotency) {
			this(channels, envelope, idempotency, PublishQuota.Charge.FREE);
		}

		/**
		 * The same with another charge.
		 * @param other what it takes of the caller's quotas
		 * @return the message
		 */
		public Request with(PublishQuota.Charge other) {
			return new Request(this.channels, this.envelope, this.idempotency, other, this.within);
		}

		/** What the script is told of being stored, and of a verdict. */
		private String kind() {
			if (this.envelope.ephemeral()) {
				return "1";
			}
			return (this.within != null) ? "w" + this.within.toMillis() : "0";
		}

	}

	/**
	 * What was given to one channel.
	 *
	 * @param id the message's id
	 * @param online whether a connection receives the user's messages; null where the
	 * channel is no user's
	 */
	public record Receipt(long id, @Nullable Boolean online) {

	}

	/** What a publish came to. */
	public sealed interface Result {

		/**
		 * The message is stored and on its way.
		 *
		 * @param receipts one for each channel, in order
		 * @param replayed whether this is the answer of an earlier request with the same
		 * key
		 */
		record Stored(List<Receipt> receipts, boolean replayed) implements Result {

		}

		/** The idempotency key was used for another request. */
		record KeyReused() implements Result {

		}

		/**
		 * Redis refused this message before anything of it was stored: it is full, or
		 * something else stands where the history of a channel should be. With an
		 * idempotency key, no earlier request stored it either.
		 *
		 * @param refusal why
		 */
		record Refused(RedisRefusal refusal) implements Result {

		}

		/**
		 * A quota of the caller is used up: nothing of this message is stored, and no
		 * earlier request stored it either.
		 *
		 * @param limit which quota, and for how long
		 */
		record Limited(PublishQuota.Refusal limit) implements Result {

		}

	}

	/**
	 * What a call came to.
	 *
	 * @param results one for each message, in order
	 * @param used what the caller has used of its quotas, or null where it has none
	 */
	public record Published(List<Result> results, PublishQuota.@Nullable Used used) {

	}

	/**
	 * Publishes one message to some channels, at once for all of them. A message to more
	 * than {@link Pieces} allows is published piece by piece.
	 * @param channels the channels, one at least
	 * @param envelope the message
	 * @param idempotency what makes a repetition exact, or null
	 * @return what it came to
	 */
	public CompletableFuture<Result> publish(List<ChannelName> channels, Envelope envelope,
			@Nullable Idempotency idempotency) {
		return publish(List.of(new Request(channels, envelope, idempotency))).thenApply(List::getFirst);
	}

	/**
	 * Publishes messages, in this order and in one step, which Redis does not interrupt:
	 * some 15 microseconds for each channel of each message, and 4 for each KiB that is
	 * appended. So callers keep within {@link Pieces}. No channel may occur twice in one
	 * message. Each message is stored or refused by itself; only an error that concerns
	 * all of them fails the future.
	 * @param requests the messages, one at least
	 * @return what each came to
	 */
	public CompletableFuture<List<Result>> publish(List<Request> requests) {
		return publish(requests, null).thenApply(Published::results);
	}

	/**
	 * Publishes messages within the quotas of a caller. Where one is used up, a message
	 * and those behind it in the call are refused, unless they are repetitions.
	 * @param requests the messages, one at least
	 * @param quota the quotas, or null
	 * @return what each came to, and what is used
	 */
	public CompletableFuture<Published> publish(List<Request> requests, @Nullable PublishQuota quota) {
		List<byte[]> scriptKeys = new ArrayList<>(6 + requests.size());
		scriptKeys.addAll(this.callKeys);
		List<byte[]> arguments = new ArrayList<>(9 + 6 * requests.size());
		arguments.add(NONE);
		arguments.add(RedisKeys.bytes(MessageId.format(this.link.seen())));
		arguments.add(this.keys.channelPrefix());
		arguments.add(this.length);
		arguments.add(this.age);
		if (quota != null) {
			scriptKeys.add(this.keys.limit(quota.caller()));
			quota.arguments().forEach((text) -> arguments.add(RedisKeys.bytes(text)));
		}
		else {
			arguments.add(NONE);
		}
		for (Request request : requests) {
			add(request, scriptKeys, arguments);
			if (quota != null) {
				quota.arguments(request.charge()).forEach((text) -> arguments.add(RedisKeys.bytes(text)));
			}
		}
		return this.link.<List<Object>>run(Script.PUBLISH_MESSAGES, scriptKeys.toArray(byte[][]::new), (run) -> {
			arguments.set(0, run);
			return arguments.toArray(byte[][]::new);
		}).thenApply(this::published);
	}

	private void add(Request request, List<byte[]> scriptKeys, List<byte[]> arguments) {
		Envelope envelope = request.envelope();
		Idempotency idempotency = request.idempotency();
		arguments.add(RedisKeys.bytes(Integer.toString(request.channels().size())));
		arguments.add(RedisKeys.bytes(request.kind()));
		arguments.add(RedisKeys.bytes(Long.toString(envelope.expiresAt())));
		arguments.add(envelope.encode());
		if (idempotency != null) {
			Piece piece = idempotency.piece();
			scriptKeys.add((piece != null) ? this.keys.piece(piece.first(), piece.number())
					: this.keys.idempotency(idempotency.apiKey(), idempotency.key()));
			arguments.add(RedisKeys.bytes(idempotency.bodyHash()));
			arguments.add(RedisKeys.bytes(Long.toString(idempotency.kept().toMillis())));
		}
		else {
			arguments.add(NONE);
		}
		for (ChannelName channel : request.channels()) {
			scriptKeys.add(this.keys.stream(channel));
		}
	}

	private Published published(List<Object> values) {
		Reply reply = new Reply(values);
		List<Result> results = new ArrayList<>(values.size());
		PublishQuota.Used used = null;
		while (reply.hasNext()) {
			String answer = reply.text();
			if (answer.startsWith(QUOTA)) {
				used = PublishQuota.Used.parse(answer.substring(QUOTA.length()));
			}
			else {
				results.add(result(answer));
			}
		}
		return new Published(results, used);
	}

	private Result result(String answer) {
		if (answer.equals("mismatch")) {
			return new Result.KeyReused();
		}
		if (answer.startsWith(REFUSED)) {
			return refused(answer.substring(REFUSED.length()));
		}
		if (answer.startsWith(LIMITED)) {
			return new Result.Limited(PublishQuota.Refusal.parse(answer.substring(LIMITED.length())));
		}
		List<Receipt> receipts = new ArrayList<>();
		int end = answer.indexOf(' ');
		boolean replayed = answer.startsWith("replayed");
		while (end < answer.length()) {
			int colon = answer.indexOf(':', end);
			long id = MessageId.parse(answer.substring(end + 1, colon));
			char online = answer.charAt(colon + 1);
			this.link.observe(id);
			receipts.add(new Receipt(id, (online == '-') ? null : online == '1'));
			end = colon + 2;
		}
		return new Result.Stored(receipts, replayed);
	}

	private Result refused(String reply) {
		RedisRefusal refusal = RedisRefusal.ofReply(reply);
		if (refusal == null) {
			refusal = RedisRefusal.ERR;
		}
		this.link.refusals().note(refusal, Script.PUBLISH_MESSAGES.fileName(), reply);
		return new Result.Refused(refusal);
	}

}
