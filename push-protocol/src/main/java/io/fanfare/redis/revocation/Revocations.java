package io.fanfare.redis.revocation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.MessageId;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;
import io.fanfare.redis.revocation.Revocation.OfToken;
import io.fanfare.redis.revocation.Revocation.OfTopic;
import io.fanfare.redis.revocation.Revocation.OfUser;
import io.fanfare.redis.revocation.Revocation.Target;
import io.fanfare.redis.revocation.RevocationPage.Extent;
import org.jspecify.annotations.Nullable;

/**
 * Revocations in Redis: what claims and renewals find there.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time; the outcome is unknown then, and a repetition is safe.
 */
public final class Revocations {

	private static final byte[] NONE = new byte[0];

	private static final byte[] TRUE = { '1' };

	private static final byte[] FALSE = { '0' };

	private final CommandLink link;

	private final RedisKeys keys;

	private final Duration life;

	private final byte[] lifeMs;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param life how long each is kept: longer than a token that it refuses lives
	 */
	public Revocations(CommandLink link, RedisKeys keys, Duration life) {
		this.link = link;
		this.keys = keys;
		this.life = life;
		this.lifeMs = RedisKeys.bytes(Long.toString(life.toMillis()));
	}

	/**
	 * How long each is kept.
	 * @return the time
	 */
	public Duration life() {
		return this.life;
	}

	/** What came of storing one. */
	public sealed interface Outcome {

		/**
		 * It is in force.
		 *
		 * @param id what it is told from others by; rises
		 * @param revocation what is in force now
		 */
		record Stored(long id, Revocation revocation) implements Outcome {

		}

		/** The user has as many revoked topics as may be. */
		record Full() implements Outcome {

		}

	}

	/** What came of writing one back. */
	public enum Restored {

		/** It was lost, and is in force again. */
		WRITTEN,
		/** It was not lost, or more than it is in force. */
		HELD,
		/** It was lifted. */
		LIFTED,
		/** The user has as many revoked topics as may be. */
		FULL

	}

	/**
	 * Revokes what tokens grant that were issued by now or before a time.
	 * @param target what is taken away
	 * @param issuedBefore in milliseconds since the epoch; null for Redis's time
	 * @param reason why
	 * @return what is in force then
	 */
	public CompletableFuture<Outcome> put(Target target, @Nullable Long issuedBefore, String reason) {
		return put(target, (issuedBefore != null) ? Long.toString(issuedBefore) : "", "0", reason, true, null)
			.thenApply((reply) -> outcome(target, reply));
	}

	/**
	 * Refuses every token of a user for a time. Streams that are open stay open: it is
	 * not written to the log before {@link #log}.
	 * @param user the user
	 * @param time how long, by Redis's clock
	 * @param reason why
	 * @return what is in force then
	 */
	public CompletableFuture<Outcome> block(String user, Duration time, String reason) {
		Target target = new OfUser(user);
		return put(target, "0", "+" + time.toMillis(), reason, false, null)
			.thenApply((reply) -> outcome(target, reply));
	}

	/**
	 * Writes one to the log that is in force already: renewals end what streams there
	 * still are.
	 * @param stored the revocation
	 * @return what is in force then
	 */
	public CompletableFuture<Outcome> log(Revocation stored) {
		return put(stored.target(), Long.toString(stored.issuedBefore()), Long.toString(stored.until()),
				stored.reason(), true, null)
			.thenApply((reply) -> outcome(stored.target(), reply));
	}

	/**
	 * Writes one back, if Redis has lost it and it was not lifted since it was stored.
	 * @param lost what was in force
	 * @return what came of it
	 */
	public CompletableFuture<Restored> restore(Revocation lost) {
		return put(lost.target(), Long.toString(lost.issuedBefore()), Long.toString(lost.until()), lost.reason(), true,
				lost.stored())
			.thenApply((reply) -> switch (reply.text()) {
				case "stored" -> {
					this.link.observe(reply.id());
					yield Restored.WRITTEN;
				}
				case "held" -> Restored.HELD;
				case "lifted" -> Restored.LIFTED;
				default -> Restored.FULL;
			});
	}

	private CompletableFuture<Reply> put(Target target, String issuedBefore, String until, String reason,
			boolean logged, @Nullable Long stored) {
		byte[][] scriptKeys = { this.keys.clock(), this.keys.since(), this.keys.revocations(), key(target),
				liftedKey(target) };
		byte[] user = NONE;
		byte[] token = NONE;
		byte[] topic = NONE;
		switch (target) {
			case OfUser(String name) -> user = RedisKeys.bytes(name);
			case OfTopic(String name, String revoked) -> {
				user = RedisKeys.bytes(name);
				topic = RedisKeys.bytes(revoked);
			}
			case OfToken(String hash) -> token = RedisKeys.bytes(hash);
		}
		byte[][] rest = { RedisKeys.bytes(target.field()), RedisKeys.bytes(issuedBefore), RedisKeys.bytes(until),
				this.lifeMs, RedisKeys.bytes(reason), user, token, topic, logged ? TRUE : FALSE,
				(stored != null) ? RedisKeys.bytes(Long.toString(stored)) : NONE };
		return this.link.<List<Object>>run(Script.PUT_REVOCATION, scriptKeys, (run) -> {
			byte[][] arguments = new byte[rest.length + 1][];
			arguments[0] = RedisKeys.bytes(MessageId.format(this.link.seen()));
			System.arraycopy(rest, 0, arguments, 1, rest.length);
			return arguments;
		}).thenApply(Reply::new);
	}

	private Outcome outcome(Target target, Reply reply) {
		if (!reply.text().equals("stored")) {
			return new Outcome.Full();
		}
		long id = reply.id();
		this.link.observe(id);
		return new Outcome.Stored(id, new Revocation(target, Long.parseLong(reply.text()), Long.parseLong(reply.text()),
				Long.parseLong(reply.text()), reply.text()));
	}

	/**
	 * Lifts one, and notes it, so that no process restores it.
	 * @param target what was taken away
	 * @return whether there was one
	 */
	public CompletableFuture<Boolean> lift(Target target) {
		return this.link
			.<Long>run(Script.LIFT_REVOCATION, new byte[][] { key(target), liftedKey(target) },
					(run) -> new byte[][] { RedisKeys.bytes(target.field()), this.lifeMs })
			.thenApply((removed) -> removed > 0);
	}

	/**
	 * What was revoked of a user.
	 * @param user the user
	 * @return the revocations, in no order
	 */
	public CompletableFuture<List<Revocation>> ofUser(String user) {
		return read(this.keys.revoked(user), user);
	}

	/**
	 * Whether a token was revoked.
	 * @param hash the SHA-256 of its id in hex
	 * @return the revocation, or none
	 */
	public CompletableFuture<List<Revocation>> ofToken(String hash) {
		return read(this.keys.revokedToken(hash), null).thenApply((found) -> found.stream()
			.map((one) -> new Revocation(new OfToken(hash), one.issuedBefore(), one.until(), one.stored(),
					one.reason()))
			.toList());
	}

	/** Only the fields of a user, or only that of a token: one key may hold both. */
	private CompletableFuture<List<Revocation>> read(byte[] key, @Nullable String user) {
		return this.link.<List<Object>>run(Script.READ_REVOCATIONS, new byte[][] { key }, (run) -> new byte[0][])
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				List<Revocation> found = new ArrayList<>();
				while (reply.hasNext()) {
					Target target = target(reply.text(), user);
					String value = reply.text();
					if (target != null) {
						found.add(Revocation.parse(target, value));
					}
				}
				return found;
			});
	}

	private static @Nullable Target target(String field, @Nullable String user) {
		if (user == null) {
			return field.equals(OfToken.FIELD) ? new OfToken("") : null;
		}
		return field.equals(OfUser.FIELD) ? new OfUser(user)
				: field.startsWith(OfTopic.FIELD) ? new OfTopic(user, field.substring(OfTopic.FIELD.length())) : null;
	}

	private byte[] key(Target target) {
		return switch (target) {
			case OfUser(String user) -> this.keys.revoked(user);
			case OfTopic(String user, String topic) -> this.keys.revoked(user);
			case OfToken(String hash) -> this.keys.revokedToken(hash);
		};
	}

	private byte[] liftedKey(Target target) {
		return switch (target) {
			case OfUser(String user) -> this.keys.lifted(user);
			case OfTopic(String user, String topic) -> this.keys.lifted(user);
			case OfToken(String hash) -> this.keys.liftedToken(hash);
		};
	}

	/**
	 * Reads what a renewal says of the log.
	 * @param reply the rest of its answer
	 * @return what it says
	 */
	public static RevocationPage page(Reply reply) {
		long upTo = reply.id();
		Extent extent = switch (reply.text()) {
			case "more" -> Extent.MORE;
			case "behind" -> Extent.BEHIND;
			default -> Extent.ALL;
		};
		long count = reply.number();
		List<Revocation> found = new ArrayList<>((int) count);
		for (long i = 0; i < count; i++) {
			String user = reply.text();
			String token = reply.text();
			String topic = reply.text();
			Target target = !token.isEmpty() ? new OfToken(token)
					: topic.isEmpty() ? new OfUser(user) : new OfTopic(user, topic);
			found.add(Revocation.parse(target, reply.text()));
		}
		return new RevocationPage(upTo, extent, List.copyOf(found));
	}

}
