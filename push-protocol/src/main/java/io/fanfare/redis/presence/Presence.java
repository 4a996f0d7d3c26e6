package io.fanfare.redis.presence;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.redis.revocation.RevocationPage;
import io.fanfare.redis.revocation.Revocations;
import org.jspecify.annotations.Nullable;

/**
 * Who is connected where: the presence hash, which names for each user the one connection
 * that receives its messages.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time; the outcome is unknown then.
 */
public final class Presence {

	private final CommandLink link;

	private final RedisKeys keys;

	private final byte[] lease;

	private final byte[] tombstone;

	private final Claims claims;

	private final Releases releases;

	private final PresenceWalk walk;

	private final Owners owners;

	/**
	 * Makes the access for a process that makes no claims, or without a limit.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param times how long things last
	 */
	public Presence(CommandLink link, RedisKeys keys, Times times) {
		this(link, keys, times, UserLimits.NONE, Twins.DEFAULT);
	}

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param times how long things last
	 * @param limits how many takeovers and opens a user may have
	 * @param twins by what two pages that share a client id are distinguished from one
	 */
	public Presence(CommandLink link, RedisKeys keys, Times times, UserLimits limits, Twins twins) {
		this.link = link;
		this.keys = keys;
		this.lease = millis(times.lease());
		this.tombstone = millis(times.tombstone());
		this.claims = new Claims(link, keys, times, limits, twins);
		this.releases = new Releases(link, keys);
		this.walk = new PresenceWalk(link, keys);
		this.owners = new Owners(link, keys);
	}

	/**
	 * How long things last.
	 *
	 * @param lease after which a node that did not renew is taken for dead
	 * @param tombstone how long a displaced page is kept away, from its last claim on
	 */
	public record Times(Duration lease, Duration tombstone) {

		/** Lease 15 s, tombstone 5 min. */
		public static final Times DEFAULT = new Times(Duration.ofSeconds(15), Duration.ofMinutes(5));

	}

	/**
	 * How many takeovers and opens a user may have; above it the owner stays.
	 *
	 * @param takeovers how many takeovers, 0 for any number
	 * @param opens how many opens, takeovers among them, 0 for any number
	 * @param window within how long, from the first of them on
	 */
	public record UserLimits(int takeovers, int opens, Duration window) {

		/** Any number. */
		public static final UserLimits NONE = new UserLimits(0, 0, Duration.ZERO);

	}

	/**
	 * By what two pages that share a client id by mistake, and so replace each other for
	 * ever, are distinguished from one page that reconnects.
	 *
	 * @param replacements how many in a row, where one of the two has no page id
	 * @param within how long after the one before each of them comes at most
	 * @param returns how often a page comes back that another one displaced
	 * @param window within how long
	 */
	public record Twins(int replacements, Duration within, int returns, Duration window) {

		/** Ten replacements, each within 30 s; or three returns within 5 min. */
		public static final Twins DEFAULT = new Twins(10, Duration.ofSeconds(30), 3, Duration.ofMinutes(5));

	}

	/**
	 * The connection that owns a user.
	 *
	 * @param node the node's identity
	 * @param connection the connection
	 * @param generation its generation
	 * @param client the page
	 * @param openedAt when it was opened, in milliseconds since the epoch
	 * @param tier its tier
	 */
	public record Owner(String node, String connection, long generation, String client, long openedAt, Tier tier) {

		/** As {@code owner_parse} in owner.lua has it. */
		private static final Pattern VALUE = Pattern
			.compile("(\\S++) (\\S++) ([0-9-]++) (\\S++) ([0-9]{1,18}) ([^\\s/]++)(?:/\\S*+)? [0-9]++ [0-9]++");

		/** Returns null for a value of another form: then the user has no owner. */
		static @Nullable Owner parse(String value) {
			Matcher parts = VALUE.matcher(value);
			Long generation = parts.matches() ? MessageId.tryParse(parts.group(3)) : null;
			if (generation == null) {
				return null;
			}
			Tier tier = Tier.find(parts.group(6));
			return new Owner(parts.group(1), parts.group(2), generation, parts.group(4), Long.parseLong(parts.group(5)),
					(tier != null) ? tier : Tier.NORMAL);
		}

	}

	/**
	 * A field of the presence hash that names a node.
	 *
	 * @param user the user
	 * @param connection the connection it names
	 * @param generation that connection's generation
	 * @param received how far the user's channel reached that connection's client; null
	 * where it never was a stream, or nothing is known of it
	 * @param reason why the stream ended, a word
	 * @param unacknowledged what its client is yet to acknowledge, or null for nothing
	 */
	public record Field(String user, String connection, long generation, @Nullable Received received, String reason,
			@Nullable Unacknowledged unacknowledged) {

		/** The reason of a stream that nothing more is known of. */
		public static final String UNKNOWN = "unknown";

		/** One whose client has nothing to acknowledge. */
		public Field(String user, String connection, long generation, @Nullable Received received, String reason) {
			this(user, connection, generation, received, reason, null);
		}

		/** One whose reason is not known. */
		public Field(String user, String connection, long generation, @Nullable Received received) {
			this(user, connection, generation, received, UNKNOWN);
		}

		/** One of which nothing more is known. */
		public Field(String user, String connection, long generation) {
			this(user, connection, generation, null);
		}

	}

	/**
	 * How far a user's channel reached a client when its stream ended.
	 *
	 * @param upTo everything up to it was received, or announced as a gap
	 * @param cursor the highest cursor that the client may have
	 * @param hiddenFrom the last stretch that was announced as hidden begins above it
	 * @param hiddenTo it ends with it; {@link MessageId#ZERO} where there was none
	 */
	public record Received(long upTo, long cursor, long hiddenFrom, long hiddenTo) {

	}

	/**
	 * A node without a lease.
	 *
	 * @param node the node's identity
	 * @param value what it wrote at its last renewal or claim, never twice the same;
	 * empty where it wrote none
	 */
	public record Silent(String node, String value) {

	}

	/**
	 * A silent node, and what is held of it.
	 *
	 * @param silent the node
	 * @param verdict what is held of it
	 */
	public record Suspect(Silent silent, Suspicion verdict) {

	}

	/** What is held of a silent node. */
	public enum Suspicion {

		/** It may come back. */
		SILENT,
		/** It writes to no client any more: what it left is removed. */
		DEAD,
		/** What it left was removed: it is forgotten. */
		GONE

	}

	/**
	 * A slice of a walk over the presence hash.
	 *
	 * @param cursor where the next slice begins; "0" at the end
	 * @param removed how many fields of dead nodes were removed
	 * @param unreadable how many fields were removed because they could not be read
	 * @param silent the nodes without a lease, as far as the slice saw
	 * @param own the fields that name the calling node
	 */
	public record Slice(String cursor, long removed, long unreadable, List<Silent> silent, List<Field> own) {

	}

	/**
	 * Makes a connection the owner of a user. May be sent again for the same connection.
	 * @param node the node's identity
	 * @param claim the claim
	 * @return what it came to
	 */
	public CompletableFuture<ClaimResult> claim(String node, Claim claim) {
		return this.claims.run(node, claim);
	}

	/**
	 * Gives users up, each only where the presence hash still names that connection. In
	 * as many calls as it takes, one after the other, for each is bounded.
	 * @param fields what to release; generation {@link MessageId#ZERO} where it is not
	 * known
	 * @return how many were removed
	 */
	public CompletableFuture<Long> release(List<Field> fields) {
		return this.releases.release(fields);
	}

	/**
	 * Forgets that a node ever renewed, when it ends and holds no user any more.
	 * @param node the node's identity
	 * @return when it is forgotten
	 */
	public CompletableFuture<Long> forget(String node) {
		return this.link.call((commands) -> commands.hdel(this.keys.renewals(), bytes(node)));
	}

	/**
	 * Renews a node's lease and what its connections hold, and finds out where the log of
	 * revocations ends.
	 * @param node the node's identity
	 * @param held its connections, or a part of them
	 * @return what was found
	 */
	public CompletableFuture<Renewal> renew(String node, List<Held> held) {
		return renew(node, held, null);
	}

	/**
	 * Renews a node's lease and what its connections hold.
	 * @param node the node's identity
	 * @param held its connections, or a part of them
	 * @param revocations the last entry of the log of revocations that the caller knows;
	 * null to begin at its end
	 * @return what was found
	 */
	public CompletableFuture<Renewal> renew(String node, List<Held> held, @Nullable Long revocations) {
		byte[][] scriptKeys = { this.keys.clock(), this.keys.run(), this.keys.since(), this.keys.presence(),
				this.keys.lease(node), this.keys.renewals(), this.keys.last(), this.keys.revocations() };
		return this.link.<List<Object>>run(Script.RENEW_USERS, scriptKeys, (run, name) -> {
			List<byte[]> arguments = new ArrayList<>(10 + held.size() * 7);
			arguments.addAll(List.of(run, seen(), this.link.durable(), this.keys.keyPrefix(), this.keys.channelPrefix(),
					bytes(node), this.lease, this.tombstone, bytes(name),
					bytes((revocations != null) ? MessageId.format(revocations) : "")));
			for (Held one : held) {
				arguments.add(bytes(one.user()));
				arguments.add(bytes(one.connection()));
				arguments.add(bytes(MessageId.format(one.generation())));
				arguments.add(bytes(one.client()));
				arguments.add(bytes(Long.toString(one.openedAt())));
				arguments.add(bytes(one.tier().wireName()));
				arguments.add(bytes(one.page()));
			}
			return arguments.toArray(byte[][]::new);
		}).thenApply((values) -> {
			Reply reply = new Reply(values);
			long headId = reply.id();
			long dataLossFloor = reply.id();
			this.link.observe(headId);
			RevocationPage revoked = Revocations.page(reply);
			return new Renewal(headId, dataLossFloor, revoked, Verdict.read(reply));
		});
	}

	/**
	 * Returns whether a token is revoked, for a connection that does not claim yet.
	 * @param user the user
	 * @param token the token
	 * @return whether it is
	 */
	public CompletableFuture<Boolean> isRevoked(String user, IssuedToken token) {
		return this.link
			.<Long>run(Script.CHECK_TOKEN,
					new byte[][] { this.keys.revoked(user), this.keys.revokedToken(token.hash()) },
					(run) -> new byte[][] { bytes(Long.toString(token.issued())) })
			.thenApply((revoked) -> revoked != 0);
	}

	/**
	 * Walks a slice of the presence hash, removing the fields of dead nodes.
	 * @param node the calling node's identity
	 * @param cursor where to begin, "0" at first
	 * @param count about how many fields to look at
	 * @param suspects what is held of the nodes that were silent when last looked at
	 * @return what was found
	 */
	public CompletableFuture<Slice> reap(String node, String cursor, int count, List<Suspect> suspects) {
		return this.walk.reap(node, cursor, count, suspects);
	}

	/**
	 * Finds the owner of a user.
	 * @param user the user
	 * @return the owner, or null if there is none or its node is dead
	 */
	public CompletableFuture<@Nullable Owner> find(String user) {
		return this.owners.find(user);
	}

	/**
	 * Finds the owners of many users, in commands of bounded size, one after the other.
	 * @param users the users
	 * @return the owner of each that has one
	 */
	public CompletableFuture<Map<String, Owner>> find(List<String> users) {
		return this.owners.find(users);
	}

	/**
	 * Ends the connection that owns a user and keeps its page away.
	 * @param user the user
	 * @param reason what the page is given as the reason; its advice is to stop
	 * @param grace how long after the notice the stream is closed
	 * @param message what the page is given besides, or null
	 * @return the connection, or null if the user had none
	 */
	public CompletableFuture<@Nullable String> disconnect(String user, CloseReason reason, Duration grace,
			@Nullable String message) {
		return this.link
			.<byte[]>run(Script.DISCONNECT_USER,
					new byte[][] { this.keys.clock(), this.keys.since(), this.keys.presence() },
					(run) -> new byte[][] { seen(), this.keys.keyPrefix(), this.keys.channelPrefix(), bytes(user),
							bytes(reason.wireName()), millis(grace), this.tombstone,
							bytes((message != null) ? message : "") })
			.<@Nullable String>thenApply((connection) -> (connection.length == 0) ? null
					: new String(connection, java.nio.charset.StandardCharsets.UTF_8));
	}

	private byte[] seen() {
		return bytes(MessageId.format(this.link.seen()));
	}

	static byte[] millis(Duration duration) {
		return bytes(Long.toString(duration.toMillis()));
	}

	static byte[] bytes(String text) {
		return RedisKeys.bytes(text);
	}

}
