package io.fanfare.redis;

import java.nio.charset.StandardCharsets;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;

/**
 * Every key and pub/sub channel in Redis, of one installation. Its prefix begins them
 * all, so that several installations share one server. A database keeps keys apart but
 * not pub/sub, so the channels carry the database's number as well; those of database 0
 * do not.
 * <p>
 * A partition is one hash tag, so each script stays within one slot. There is one, beside
 * which a {@link ScratchPartition} may stand for a while.
 */
public final class RedisKeys {

	/** The prefix unless another one is set. */
	public static final String DEFAULT_PREFIX = "fanfare";

	/** What a prefix must match. */
	public static final String PREFIX_PATTERN = "[a-z0-9-]{1,32}";

	private static final String PARTITION = "0";

	private final String prefix;

	private final int database;

	private final String keyPrefix;

	private final String channelPrefix;

	private final byte[] keyPrefixBytes;

	private final byte[] channelPrefixBytes;

	private final byte[] layout;

	private final byte[] nodes;

	private final byte[] rollout;

	private final byte[] rolloutLeader;

	private final byte[] lastRollout;

	private final byte[] alerts;

	private final byte[] alertLeader;

	private final byte[] clock;

	private final byte[] run;

	private final byte[] since;

	private final byte[] last;

	private final byte[] presence;

	private final byte[] renewals;

	private final byte[] revocations;

	private final byte[] events;

	private final byte[] offline;

	private final byte[] eventsWalk;

	private final byte[] receipts;

	private final byte[] awaited;

	private final byte[] handovers;

	/**
	 * Names the keys and channels of an installation.
	 * @param prefix the installation's prefix, as {@link #PREFIX_PATTERN} has it
	 * @param database the number of the database that its keys are in
	 */
	public RedisKeys(String prefix, int database) {
		this(prefix, database, PARTITION);
	}

	private RedisKeys(String prefix, int database, String partition) {
		if (!prefix.matches(PREFIX_PATTERN)) {
			throw new IllegalArgumentException("The prefix must match " + PREFIX_PATTERN);
		}
		this.prefix = prefix;
		this.database = database;
		String tag = ":{" + partition + "}:";
		this.keyPrefix = prefix + tag;
		this.channelPrefix = prefix + ((database > 0) ? "@" + database : "") + tag;
		this.keyPrefixBytes = bytes(this.keyPrefix);
		this.channelPrefixBytes = bytes(this.channelPrefix);
		this.layout = bytes(prefix + ":layout");
		this.nodes = bytes(prefix + ":nodes");
		this.rollout = bytes(prefix + ":drain");
		this.rolloutLeader = bytes(prefix + ":drain:leader");
		this.lastRollout = bytes(prefix + ":drain:last");
		this.alerts = bytes(prefix + ":alerts");
		this.alertLeader = bytes(prefix + ":alerts:leader");
		this.clock = key("clock");
		this.run = key("run");
		this.since = key("since");
		this.last = key("last");
		this.presence = key("presence");
		this.renewals = key("renewals");
		this.revocations = key("revocations");
		this.events = key("events");
		this.offline = key("offline");
		this.eventsWalk = key("events:walk");
		this.receipts = key("receipts");
		this.awaited = key("awaited");
		this.handovers = key("handovers");
	}

	/** The names of another partition of the same installation. */
	RedisKeys partition(String name) {
		return new RedisKeys(this.prefix, this.database, name);
	}

	/** What begins every key of the partition. */
	public byte[] keyPrefix() {
		return this.keyPrefixBytes;
	}

	/** What begins every pub/sub channel of the partition. */
	public byte[] channelPrefix() {
		return this.channelPrefixBytes;
	}

	/** The version of all other keys. Belongs to no partition. */
	byte[] layout() {
		return this.layout;
	}

	/** What nodes report of themselves: name to JSON. Belongs to no partition. */
	public byte[] nodes() {
		return this.nodes;
	}

	/**
	 * How the drain that runs gets on, JSON; there is no second. Belongs to no partition.
	 */
	public byte[] rollout() {
		return this.rollout;
	}

	/** Who leads the drain that runs. Belongs to no partition. */
	public byte[] rolloutLeader() {
		return this.rolloutLeader;
	}

	/** How the last drain ended, JSON. Belongs to no partition. */
	public byte[] lastRollout() {
		return this.lastRollout;
	}

	/** The alerts that fire: id to JSON. Belongs to no partition. */
	public byte[] alerts() {
		return this.alerts;
	}

	/** Which process notifies of alerts. Belongs to no partition. */
	public byte[] alertLeader() {
		return this.alertLeader;
	}

	public byte[] clock() {
		return this.clock;
	}

	public byte[] run() {
		return this.run;
	}

	public byte[] since() {
		return this.since;
	}

	public byte[] last() {
		return this.last;
	}

	public byte[] presence() {
		return this.presence;
	}

	public byte[] stream(ChannelName channel) {
		return key("ch:" + channel.value());
	}

	/** What came before an entry of a history without what was erased: id to state. */
	public byte[] erased(ChannelName channel) {
		return key("erased:" + channel.value());
	}

	public byte[] lease(String node) {
		return key("lease:" + node);
	}

	public byte[] renewals() {
		return this.renewals;
	}

	/** The log of revocations, which renewals read. */
	public byte[] revocations() {
		return this.revocations;
	}

	/** How events of presence are added; there while they are. */
	public byte[] events() {
		return this.events;
	}

	/** Users whose last stream ended: user to when they count as offline, ms. */
	public byte[] offline() {
		return this.offline;
	}

	/** How far the walk has come that reports users as online. */
	public byte[] eventsWalk() {
		return this.eventsWalk;
	}

	/** Verdicts of messages that are awaited: id and user, to when they are due, ms. */
	public byte[] awaited() {
		return this.awaited;
	}

	/** The stream of events that backends read. */
	public byte[] receipts() {
		return this.receipts;
	}

	/** What nodes that ended in order say of what they left: node to JSON. */
	public byte[] handovers() {
		return this.handovers;
	}

	/** The streams of a node that ended in order: user to records. */
	public byte[] handover(String node) {
		return key("handover:" + node);
	}

	public byte[] hidden(String user) {
		return key("hidden:" + user);
	}

	/**
	 * What was written to a client of a user and is not acknowledged, of what is awaited.
	 */
	public byte[] unacknowledged(String user, String client) {
		return key("unacknowledged:" + user + ":" + client);
	}

	public byte[] kicked(String user, String client) {
		return key("kicked:" + user + ":" + client);
	}

	public byte[] takeovers(String user) {
		return key("takeovers:" + user);
	}

	public byte[] userOpens(String user) {
		return key("user-opens:" + user);
	}

	/**
	 * A ticket.
	 * @param digest the SHA-256 of the ticket, in hexadecimal
	 * @return the key
	 */
	public byte[] ticket(String digest) {
		return key("ticket:" + digest);
	}

	/**
	 * The tickets of a user that are not spent.
	 * @param user the user
	 * @return the key
	 */
	public byte[] tickets(String user) {
		return key("tickets:" + user);
	}

	/** What was revoked of a user: all that tokens grant, or a topic. */
	public byte[] revoked(String user) {
		return key("revoked:" + user);
	}

	/**
	 * Whether a token was revoked.
	 * @param hash the SHA-256 of its id in hex, "" where it has none: there is no such
	 * key
	 */
	public byte[] revokedToken(String hash) {
		return key("revoked:jti:" + hash);
	}

	/** When revocations of a user were lifted. */
	public byte[] lifted(String user) {
		return key("lifted:" + user);
	}

	/**
	 * When the revocation of a token was lifted.
	 * @param hash the SHA-256 of its id in hex
	 * @return the key
	 */
	public byte[] liftedToken(String hash) {
		return key("lifted:jti:" + hash);
	}

	public byte[] connections(String address) {
		return key("connections:" + address);
	}

	public byte[] opens(String address) {
		return key("opens:" + address);
	}

	public byte[] idempotency(String apiKey, String key) {
		return key("idem:" + apiKey + ":" + key);
	}

	/** What a caller has used of its quotas. */
	public byte[] limit(String caller) {
		return key("limit:" + caller);
	}

	/**
	 * The record of a further piece of a message (see {@link Pieces}).
	 * @param first the first id that the message's first piece was given
	 * @param number which piece; the first is 0
	 */
	public byte[] piece(long first, int number) {
		return key("piece:" + MessageId.format(first) + ":" + number);
	}

	/**
	 * The pub/sub channel of one node: messages to its users, kicks, orders, probes.
	 * @param node the node's identity
	 * @return the channel
	 */
	public byte[] nodeChannel(String node) {
		return channel("node:" + node);
	}

	/**
	 * The pub/sub channel of a topic, or of {@code all}.
	 * @param topic the topic
	 * @return the channel
	 */
	public byte[] topicChannel(ChannelName topic) {
		return channel("ch:" + topic.value());
	}

	/**
	 * The pub/sub channel on which a process receives the answers to its calls.
	 * @param asker what the process calls itself
	 * @return the channel
	 */
	public byte[] answerChannel(String asker) {
		return channel("answers:" + asker);
	}

	/** What a key is, without whose: {@code fanfare:{0}:ch:*}. */
	static String kind(byte[] key) {
		String text = new String(key, StandardCharsets.UTF_8);
		int tag = text.indexOf("}:");
		int end = (tag < 0) ? -1 : text.indexOf(':', tag + 2);
		return (end < 0) ? text : text.substring(0, end) + ":*";
	}

	private byte[] key(String rest) {
		return bytes(this.keyPrefix + rest);
	}

	private byte[] channel(String rest) {
		return bytes(this.channelPrefix + rest);
	}

	public static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

}
