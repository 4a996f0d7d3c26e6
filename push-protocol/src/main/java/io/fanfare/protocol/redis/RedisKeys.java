package io.fanfare.protocol.redis;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.fanfare.protocol.ChannelName;

/**
 * Every key and pub/sub channel in Redis, of one partition. A partition is one hash tag,
 * so each script stays within one slot.
 */
public final class RedisKeys {

	/** What nodes tell of themselves: name to JSON. Belongs to no partition. */
	static final byte[] NODES = bytes("fanfare:nodes");

	/**
	 * How the drain that runs gets on, JSON; there is no second. Belongs to no partition.
	 */
	static final byte[] ROLLOUT = bytes("fanfare:drain");

	/** How the last drain ended, JSON. Belongs to no partition. */
	static final byte[] LAST_ROLLOUT = bytes("fanfare:drain:last");

	private final String prefix;

	private final byte[] prefixBytes;

	private final byte[] clock;

	private final byte[] run;

	private final byte[] since;

	private final byte[] last;

	private final byte[] presence;

	/**
	 * Names the keys of a partition.
	 * @param partition the partition's number, from 0
	 */
	public RedisKeys(int partition) {
		this.prefix = "fanfare:{" + partition + "}:";
		this.prefixBytes = bytes(this.prefix);
		this.clock = key("clock");
		this.run = key("run");
		this.since = key("since");
		this.last = key("last");
		this.presence = key("presence");
	}

	byte[] prefix() {
		return this.prefixBytes;
	}

	byte[] clock() {
		return this.clock;
	}

	byte[] run() {
		return this.run;
	}

	byte[] since() {
		return this.since;
	}

	byte[] last() {
		return this.last;
	}

	byte[] presence() {
		return this.presence;
	}

	byte[] stream(ChannelName channel) {
		return key("ch:" + channel.value());
	}

	byte[] lease(String node) {
		return key("lease:" + node);
	}

	byte[] kicked(String user, String client) {
		return key("kicked:" + user + ":" + client);
	}

	byte[] takeovers(String user) {
		return key("takeovers:" + user);
	}

	byte[] connections(String address) {
		return key("connections:" + address);
	}

	byte[] opens(String address) {
		return key("opens:" + address);
	}

	byte[] idempotency(String apiKey, String key) {
		return key("idem:" + apiKey + ":" + key);
	}

	/**
	 * The pub/sub channel of one node: messages to its users, kicks, orders, probes.
	 * @param node the node's identity
	 * @return the channel
	 */
	public byte[] nodeChannel(String node) {
		return key("node:" + node);
	}

	/**
	 * The pub/sub channel of a topic, or of {@code all}.
	 * @param topic the topic
	 * @return the channel
	 */
	public byte[] topicChannel(ChannelName topic) {
		return key("ch:" + topic.value());
	}

	/**
	 * The pub/sub channel on which a process hears the answers to its calls.
	 * @param asker what the process calls itself
	 * @return the channel
	 */
	byte[] answerChannel(String asker) {
		return key("answers:" + asker);
	}

	private byte[] key(String rest) {
		return bytes(this.prefix + rest);
	}

	/** A line of text, and what follows it. */
	static byte[] withBody(String head, byte[] body) {
		byte[] line = bytes(head + "\n");
		byte[] whole = Arrays.copyOf(line, line.length + body.length);
		System.arraycopy(body, 0, whole, line.length, body.length);
		return whole;
	}

	static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

}
