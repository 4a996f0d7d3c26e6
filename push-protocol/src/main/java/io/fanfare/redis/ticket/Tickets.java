package io.fanfare.redis.ticket;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

import io.fanfare.protocol.Tier;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;
import io.fanfare.redis.revocation.IssuedToken;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tickets: each is the right to one stream, so that no token has to stand in an address.
 * Redis has the digests of tickets, so what is read there opens no stream.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time; the outcome is unknown then.
 */
public final class Tickets {

	/** How long a ticket lives that is not spent. */
	public static final Duration LIFE = Duration.ofSeconds(30);

	/** How many tickets of a user may live at once that are not spent. */
	public static final int MAX_PER_USER = 10;

	private static final JsonMapper JSON = JsonMapper.shared();

	private static final byte[] MOST = RedisKeys.bytes(Integer.toString(MAX_PER_USER));

	private static final byte[] LONGEST = millis(LIFE);

	private final CommandLink link;

	private final RedisKeys keys;

	private final RandomGenerator random;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param random where the bits of tickets come from; not to be guessed
	 */
	public Tickets(CommandLink link, RedisKeys keys, RandomGenerator random) {
		this.link = link;
		this.keys = keys;
		this.random = random;
	}

	/**
	 * Makes a ticket of a new right. It ends with the right, if that is sooner than
	 * usual.
	 * @param right what it grants, which is not too large
	 * @param now the time by the clock that the right is measured by
	 * @return what it came to; never revoked
	 * @throws IllegalArgumentException if the right is too large
	 */
	public CompletableFuture<Issue> issue(TicketRight right, Instant now) {
		return issue(right, now, new byte[0][]);
	}

	/**
	 * Makes a ticket of a token, as {@link #issue} does.
	 * @param right what the token grants, which is not too large
	 * @param now the time by the clock that the right is measured by
	 * @return what it came to
	 * @throws IllegalArgumentException if the right is too large
	 */
	public CompletableFuture<Issue> inherit(TicketRight right, Instant now) {
		IssuedToken token = IssuedToken.of(right.id(), right.issued().getEpochSecond());
		return issue(right, now,
				new byte[][] { this.keys.revoked(right.user()), this.keys.revokedToken(token.hash()) });
	}

	private CompletableFuture<Issue> issue(TicketRight right, Instant now, byte[][] revocations) {
		String excess = right.excess();
		if (excess != null) {
			throw new IllegalArgumentException(excess);
		}
		String ticket = TicketText.create(this.random);
		String digest = Objects.requireNonNull(TicketText.digest(ticket));
		Duration rest = Duration.between(now, right.expires());
		Duration life = (rest.compareTo(LIFE) < 0) ? rest : LIFE;
		List<byte[]> arguments = new ArrayList<>(16);
		arguments.add(bytes(digest));
		arguments.add(bytes(Long.toString(Math.max(1, life.toMillis()))));
		arguments.add(LONGEST);
		arguments.add(MOST);
		arguments.add(bytes(Long.toString(right.issued().getEpochSecond())));
		put(arguments, "user", right.user());
		put(arguments, "channels", JSON.writeValueAsString(right.channels()));
		put(arguments, "iat", Long.toString(right.issued().getEpochSecond()));
		put(arguments, "exp", Long.toString(right.expires().getEpochSecond()));
		Tier tier = right.tier();
		if (tier != null) {
			put(arguments, "tier", tier.wireName());
		}
		String id = right.id();
		if (id != null) {
			put(arguments, "jti", id);
		}
		List<byte[]> scriptKeys = new ArrayList<>(List.of(this.keys.ticket(digest), this.keys.tickets(right.user())));
		scriptKeys.addAll(List.of(revocations));
		return this.link
			.<List<Object>>run(Script.ISSUE_TICKET, scriptKeys.toArray(byte[][]::new),
					(run) -> arguments.toArray(byte[][]::new))
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				return switch (reply.text()) {
					case "issued" -> new Issue.Issued(ticket, Instant.ofEpochMilli(reply.number()));
					case "revoked" -> new Issue.Revoked();
					default -> new Issue.TooMany(Duration.ofMillis(reply.number()));
				};
			});
	}

	/**
	 * The SHA-256 by which Redis knows a ticket.
	 * @param ticket the ticket
	 * @return it in hexadecimal, or null for a text that cannot be a ticket
	 */
	public static @Nullable String digest(String ticket) {
		return TicketText.digest(ticket);
	}

	/**
	 * Looks a ticket up, without spending it.
	 * @param ticket the ticket
	 * @param attempt the request of a proxy that it came with, or "" for none
	 * @return what is known of it
	 */
	public CompletableFuture<TicketState> find(String ticket, String attempt) {
		String digest = TicketText.digest(ticket);
		if (digest == null) {
			return CompletableFuture.completedFuture(new TicketState.Unknown());
		}
		return this.link.call((commands) -> commands.hgetall(this.keys.ticket(digest))).thenApply((fields) -> {
			Map<String, String> texts = new HashMap<>();
			fields.forEach((name, value) -> texts.put(text(name), text(value)));
			if (texts.containsKey("by") && (attempt.isEmpty() || !attempt.equals(texts.get("attempt")))) {
				return new TicketState.Spent();
			}
			TicketRight right = read(texts);
			return (right != null) ? new TicketState.Valid(right) : new TicketState.Unknown();
		});
	}

	/**
	 * Spends a ticket for a connection that waits. May be repeated for the same one.
	 * @param user whose it is
	 * @param digest the ticket's digest
	 * @param connection the connection
	 * @param attempt the request of a proxy that it came with, or "" for none
	 * @param token what it keeps of the token that it is for
	 * @return the name of what refuses it, or null where it is spent
	 */
	public CompletableFuture<@Nullable String> spend(String user, String digest, String connection, String attempt,
			IssuedToken token) {
		byte[][] scriptKeys = { this.keys.ticket(digest), this.keys.tickets(user), this.keys.revoked(user),
				this.keys.revokedToken(token.hash()) };
		return this.link
			.<byte[]>run(Script.SPEND_TICKET, scriptKeys,
					(run) -> new byte[][] { bytes(digest), bytes(connection), bytes(attempt),
							bytes(Long.toString(token.issued())) })
			.<@Nullable String>thenApply((refusal) -> (refusal.length == 0) ? null : text(refusal));
	}

	/** Returns null for a right that cannot be read: then there is none. */
	private static @Nullable TicketRight read(Map<String, String> fields) {
		String user = fields.get("user");
		String channels = fields.get("channels");
		String issued = fields.get("iat");
		String expires = fields.get("exp");
		if (user == null || channels == null || issued == null || expires == null) {
			return null;
		}
		String tier = fields.get("tier");
		try {
			return new TicketRight(user, List.of(JSON.readValue(channels, String[].class)),
					(tier != null) ? Tier.find(tier) : null, fields.get("jti"),
					Instant.ofEpochSecond(Long.parseLong(issued)), Instant.ofEpochSecond(Long.parseLong(expires)));
		}
		catch (JacksonException | NumberFormatException | NullPointerException | DateTimeException ex) {
			return null;
		}
	}

	private static void put(List<byte[]> arguments, String name, String value) {
		arguments.add(bytes(name));
		arguments.add(bytes(value));
	}

	private static byte[] millis(Duration duration) {
		return bytes(Long.toString(duration.toMillis()));
	}

	private static String text(byte[] bytes) {
		return new String(bytes, StandardCharsets.UTF_8);
	}

	private static byte[] bytes(String text) {
		return RedisKeys.bytes(text);
	}

}
