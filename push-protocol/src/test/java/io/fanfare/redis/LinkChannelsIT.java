package io.fanfare.redis;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.util.internal.PlatformDependent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** Connections to Redis whose channels lack memory, or throw. */
class LinkChannelsIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	private static final int LARGE = 256 << 10;

	private final List<String> noted = new CopyOnWriteArrayList<>();

	private final LinkChannels channels = new LinkChannels(new Errors(System::nanoTime, this.noted::add, (fatal) -> {
	}));

	private final List<Channel> made = new CopyOnWriteArrayList<>();

	private Consumer<Bootstrap> also = (bootstrap) -> {
	};

	private ClientResources resources;

	private RedisClient client;

	@BeforeEach
	void start() {
		this.resources = ClientResources.builder().nettyCustomizer(new NettyCustomizer() {

			@Override
			public void afterBootstrapInitialized(Bootstrap bootstrap) {
				LinkChannelsIT.this.channels.afterBootstrapInitialized(bootstrap);
				LinkChannelsIT.this.also.accept(bootstrap);
			}

			@Override
			public void afterChannelInitialized(Channel channel) {
				LinkChannelsIT.this.channels.afterChannelInitialized(channel);
				LinkChannelsIT.this.made.add(channel);
			}

		}).build();
		this.client = RedisClient.create(this.resources, TestRedis.shared().uri());
		this.client.setOptions(RedisClientOptions.bounded(Duration.ofSeconds(2), Duration.ofSeconds(1)));
		try (StatefulRedisConnection<String, String> connection = this.client.connect()) {
			for (int i = 0; i < 10; i++) {
				connection.sync().set("link-channels:" + i, value(i));
			}
		}
		this.made.clear();
	}

	@AfterEach
	void stop() {
		this.client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
		this.resources.shutdown();
		this.channels.close();
	}

	@Test
	void noReplyGoesToAnotherCommandWhereOneFoundNoMemory() {
		this.also = (bootstrap) -> bootstrap.option(ChannelOption.ALLOCATOR, new NeverGrowing());
		try (StatefulRedisConnection<String, String> connection = this.client.connect()) {
			Map<RedisFuture<String>, String> asked = askForAll(connection);
			await().atMost(SOON).until(() -> !this.made.getFirst().isActive());
			assertAnsweredRightOrNotAtAll(asked);
			assertThat(asked.keySet()).anyMatch(LinkChannelsIT::hasFailed);
		}
		assertThat(this.noted).contains("redis-channel");
	}

	@Test
	void noReplyGoesToAnotherCommandWhereAReadThrew() {
		try (StatefulRedisConnection<String, String> connection = this.client.connect()) {
			Channel channel = this.made.getFirst();
			channel.eventLoop().execute(() -> channel.config().setAutoRead(false));
			Map<RedisFuture<String>, String> asked = askForAll(connection);
			channel.eventLoop().execute(() -> {
				channel.pipeline().fireExceptionCaught(new OutOfMemoryError("Cannot reserve direct buffer memory"));
				channel.config().setAutoRead(true);
			});
			await().atMost(SOON).until(() -> asked.keySet().stream().allMatch(RedisFuture::isDone));
			assertAnsweredRightOrNotAtAll(asked);
			assertThat(channel.isActive()).isFalse();
		}
		assertThat(this.noted).containsExactly("redis-channel");
	}

	/**
	 * Lettuce hands that to what stands behind its handler, and the message without its
	 * content on.
	 */
	@Test
	void aSubscriptionEndsWhereAMessageCouldNotBeDecoded() {
		StringCodec throwing = new StringCodec(StandardCharsets.UTF_8) {

			@Override
			public String decodeValue(ByteBuffer bytes) {
				String value = super.decodeValue(bytes);
				if (value.equals("bad")) {
					throw new IllegalStateException("thrown while decoding");
				}
				return value;
			}

		};
		try (StatefulRedisPubSubConnection<String, String> subscriber = this.client.connectPubSub(throwing);
				StatefulRedisConnection<String, String> publisher = this.client.connect()) {
			subscriber.sync().subscribe("link-channels");
			publisher.sync().publish("link-channels", "good");
			publisher.sync().publish("link-channels", "bad");
			await().atMost(SOON).until(() -> !this.made.getFirst().isActive());
		}
		assertThat(this.noted).containsExactly("redis-channel");
	}

	@Test
	void aLinkHasMemoryWhenAllOtherIsTaken() {
		Deque<ByteBuf> taken = new ArrayDeque<>();
		try (StatefulRedisConnection<String, String> connection = this.client.connect()) {
			long limit = PlatformDependent.maxDirectMemory();
			for (int size = 16 << 20; size >= 1024; size /= 2) {
				takeAll(taken, size, limit);
			}
			Map<RedisFuture<String>, String> asked = askForAll(connection);
			await().atMost(SOON).until(() -> asked.keySet().stream().allMatch(RedisFuture::isDone));
			assertThat(asked.keySet()).noneMatch(LinkChannelsIT::hasFailed);
			assertAnsweredRightOrNotAtAll(asked);
		}
		finally {
			taken.forEach(ByteBuf::release);
		}
		assertThat(this.noted).isEmpty();
	}

	private static void takeAll(Deque<ByteBuf> taken, int size, long limit) {
		while (PlatformDependent.usedDirectMemory() + size <= limit) {
			taken.add(Unpooled.directBuffer(size, size));
		}
	}

	private static String value(int number) {
		return number + "x".repeat((number % 3 == 1) ? LARGE : 10);
	}

	/** Returns each answer that is awaited, and what it should be. */
	private static Map<RedisFuture<String>, String> askForAll(StatefulRedisConnection<String, String> connection) {
		RedisAsyncCommands<String, String> commands = connection.async();
		Map<RedisFuture<String>, String> asked = new LinkedHashMap<>();
		for (int i = 0; i < 10; i++) {
			asked.put(commands.get("link-channels:" + i), value(i));
		}
		return asked;
	}

	private static boolean hasFailed(RedisFuture<String> asked) {
		return asked.toCompletableFuture().isCompletedExceptionally();
	}

	private static void assertAnsweredRightOrNotAtAll(Map<RedisFuture<String>, String> asked) {
		List<Boolean> right = new ArrayList<>();
		asked.forEach((answer, value) -> {
			if (answer.isDone() && !hasFailed(answer)) {
				right.add(value.equals(answer.toCompletableFuture().join()));
			}
		});
		assertThat(right).doesNotContain(false);
	}

	/** Whose buffers have no room for more than they began with. */
	private static final class NeverGrowing extends AbstractByteBufAllocator {

		@Override
		protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
			return Unpooled.buffer(initialCapacity, Math.max(initialCapacity, 64 << 10));
		}

		@Override
		protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
			return Unpooled.directBuffer(initialCapacity, Math.max(initialCapacity, 64 << 10));
		}

		@Override
		public boolean isDirectBufferPooled() {
			return false;
		}

	}

}
