package io.fanfare.api;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.fanfare.protocol.Frame;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallName;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import tools.jackson.databind.JsonNode;

/**
 * What is heard of a node over Redis: that it is there, and its answers to calls, which
 * the test gives. Real nodes answer in push-node's own tests.
 */
public final class NodeVoice implements AutoCloseable {

	private final RedisClient client;

	private final StatefulRedisPubSubConnection<byte[], byte[]> connection;

	private final Map<String, CallAnswer> answers = new ConcurrentHashMap<>();

	private final Queue<JsonNode> asked = new ConcurrentLinkedQueue<>();

	/** A node called {@code name} with the identity {@code name.abcdefgh}. */
	public NodeVoice(TestApi api, TestRedis redis, String name) {
		Nodes nodes = api.bean(Nodes.class);
		String identity = name + ".abcdefgh";
		long now = System.currentTimeMillis();
		NodeStatus status = new NodeStatus(identity, name, "1", "up", now, now, 100, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, null,
				null, null, null);
		nodes.put(identity, TestApi.JSON.writeValueAsBytes(status)).join();
		this.client = RedisClient.create(redis.uri());
		this.connection = this.client.connectPubSub(ByteArrayCodec.INSTANCE);
		this.connection.addListener(new RedisPubSubAdapter<byte[], byte[]>() {
			@Override
			public void message(byte[] channel, byte[] message) {
				if (Frame.decode(message) instanceof Frame.Call call) {
					NodeVoice.this.asked.add(TestApi.JSON.readTree(call.body()));
					CallAnswer answer = NodeVoice.this.answers.get(call.name());
					if (answer != null) {
						nodes.answer(call, answer);
					}
				}
			}
		});
		this.connection.sync().subscribe(new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0).nodeChannel(identity));
	}

	/** Answers calls of a name from now on; to others it is silent. */
	public NodeVoice answering(CallName name, String json) {
		this.answers.put(name.wireName(), new CallAnswer.Done(json.getBytes(StandardCharsets.UTF_8)));
		return this;
	}

	/** Refuses calls of a name from now on. */
	public NodeVoice refusing(CallName name, String error) {
		this.answers.put(name.wireName(), new CallAnswer.Refused(error));
		return this;
	}

	/** The body of the call that came next, or null. */
	public JsonNode asked() {
		return this.asked.poll();
	}

	@Override
	public void close() {
		this.connection.close();
		this.client.shutdown();
	}

}
