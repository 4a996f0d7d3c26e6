package io.fanfare.protocol.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;
import org.jspecify.annotations.Nullable;

/**
 * Publishes messages: one script stores them, finds who hears them and hands them to the
 * nodes.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time; the message may have been stored then, and a repetition
 * is exact only with an idempotency key.
 */
public final class Publisher {

	private final CommandLink link;

	private final RedisKeys keys;

	private final byte[] length;

	private final byte[] age;

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
	}

	/**
	 * What makes a repeated publish exact.
	 *
	 * @param apiKey whose key it is: the name of the API key, or the subject of the token
	 * @param key the key
	 * @param bodyHash a hash of the request, without {@code |}
	 * @param kept how long the answer is kept
	 */
	public record Idempotency(String apiKey, String key, String bodyHash, Duration kept) {

	}

	/**
	 * What was given to one channel.
	 *
	 * @param id the message's id
	 * @param online whether somebody hears the user; null where the channel is no user's
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

	}

	/**
	 * Publishes one message to some channels, at once for all of them.
	 * @param channels the channels, one at least
	 * @param envelope the message
	 * @param idempotency what makes a repetition exact, or null
	 * @return what it came to
	 */
	public CompletableFuture<Result> publish(List<ChannelName> channels, Envelope envelope,
			@Nullable Idempotency idempotency) {
		byte[] none = new byte[0];
		byte[][] scriptKeys = new byte[6 + channels.size()][];
		scriptKeys[0] = this.keys.clock();
		scriptKeys[1] = this.keys.run();
		scriptKeys[2] = this.keys.since();
		scriptKeys[3] = this.keys.last();
		scriptKeys[4] = this.keys.presence();
		scriptKeys[5] = (idempotency != null) ? this.keys.idempotency(idempotency.apiKey(), idempotency.key())
				: this.keys.clock();
		byte[][] arguments = new byte[10 + channels.size()][];
		arguments[1] = RedisKeys.bytes(MessageId.format(this.link.seen()));
		arguments[2] = this.keys.prefix();
		arguments[3] = this.length;
		arguments[4] = this.age;
		arguments[5] = RedisKeys.bytes(envelope.ephemeral() ? "1" : "0");
		arguments[6] = RedisKeys.bytes(Long.toString(envelope.expiresAt()));
		arguments[7] = (idempotency != null) ? RedisKeys.bytes(idempotency.bodyHash()) : none;
		arguments[8] = (idempotency != null) ? RedisKeys.bytes(Long.toString(idempotency.kept().toMillis())) : none;
		arguments[9] = envelope.encode();
		for (int i = 0; i < channels.size(); i++) {
			scriptKeys[6 + i] = this.keys.stream(channels.get(i));
			arguments[10 + i] = RedisKeys.bytes(channels.get(i).value());
		}
		return this.link.<List<Object>>run(Script.PUBLISH_MESSAGE, scriptKeys, (run) -> {
			arguments[0] = run;
			return arguments;
		}).thenApply(this::result);
	}

	private Result result(List<Object> values) {
		Reply reply = new Reply(values);
		String status = reply.text();
		if (status.equals("mismatch")) {
			return new Result.KeyReused();
		}
		List<Receipt> receipts = new ArrayList<>();
		for (String receipt : reply.text().split(" ")) {
			int colon = receipt.indexOf(':');
			char online = receipt.charAt(colon + 1);
			long id = MessageId.parse(receipt.substring(0, colon));
			this.link.observe(id);
			receipts.add(new Receipt(id, (online == '-') ? null : online == '1'));
		}
		return new Result.Stored(receipts, status.equals("replayed"));
	}

}
