package io.fanfare.node;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

import io.fanfare.node.broker.PubSubLink;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.lettuce.core.AclSetuserArgs;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.CommandType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A replica becomes the master, and the old master goes on: publishers are with the new
 * one, the node is with the old one for a while.
 */
class TwoMastersIT {

	private static final String CLOCK = "fanfare:{0}:clock";

	private static final ChannelName ALICE = ChannelName.user("alice");

	private static final ChannelName NEWS = ChannelName.topic("news");

	private RedisProcess older;

	private RedisProcess newer;

	private TcpProxy wire;

	@BeforeEach
	void start() {
		this.older = TestRedis.start();
		this.newer = TestRedis.start();
		this.wire = TcpProxy.to(this.older.port());
		ask(this.older, (redis) -> redis.configSet("repl-diskless-sync-delay", "0"));
		ask(this.newer, (redis) -> redis.replicaof("127.0.0.1", this.older.port()));
	}

	@AfterEach
	void stop() {
		this.wire.close();
		this.newer.close();
		this.older.close();
	}

	@Test
	void whatTheNewMasterTookMeanwhileIsDeliveredInOrderAndOnce() {
		try (TestNode node = node(); SseClient stream = node.open("alice", "news")) {
			publishOn(this.older, "before");
			stream.awaitBlock((block) -> "before to user:alice".equals(block.data()), TestNode.SOON);
			promote();
			publishOn(this.newer, "meanwhile");
			// The old master goes on, and its ids pass the node.
			publishOn(this.older, "lost");
			stream.awaitBlock((block) -> "lost to user:alice".equals(block.data()), TestNode.SOON);
			move(node);
			publishOn(this.newer, "after");
			stream.awaitBlock((block) -> "after to user:alice".equals(block.data()), TestNode.SOON);
			assertThat(heard(stream)).containsExactly("before to news", "before to user:alice", "lost to news",
					"lost to user:alice", "meanwhile to news", "meanwhile to user:alice", "after to news",
					"after to user:alice");
			assertThat(gaps(stream))
				.flatExtracting((gap) -> gap.get("channels").valueStream().map(JsonNode::asString).toList())
				.containsExactlyInAnyOrder("user:alice", "all", "news");
		}
	}

	@Test
	void anOldMasterWhoseIdsAreFarAheadHidesNothing() {
		assertNothingHidden(this::move);
	}

	/** Then the new master hears of the old one's ids before the node hears it. */
	@Test
	void nothingIsHiddenWhereTheLinkForMessagesComesLast() {
		assertNothingHidden((node) -> {
			ask(this.newer, (redis) -> redis.aclSetuser(RedisUser.NODE.login(),
					AclSetuserArgs.Builder.removeCommand(CommandType.SUBSCRIBE)));
			this.wire.redirect(this.newer.port());
			this.wire.cut();
			await().atMost(TestNode.SOON)
				.until(() -> MessageId
					.parse(this.<String>tell(this.newer, (redis) -> redis.get("fanfare:{0}:since"))) > MessageId
						.of(System.currentTimeMillis() + 60_000, 0));
			ask(this.newer, (redis) -> redis.aclSetuser(RedisUser.NODE.login(),
					AclSetuserArgs.Builder.addCommand(CommandType.SUBSCRIBE)));
			ask(this.newer, RedisCommands::aclLogReset);
		});
	}

	private void assertNothingHidden(Consumer<TestNode> move) {
		try (TestNode node = node(); SseClient stream = node.open("alice", "news")) {
			publishOn(this.older, "before");
			stream.awaitBlock((block) -> "before to user:alice".equals(block.data()), TestNode.SOON);
			promote();
			publishOn(this.newer, "meanwhile");
			// As if the old master had gone on for minutes.
			long ahead = System.currentTimeMillis() + Duration.ofMinutes(5).toMillis();
			ask(this.older, (redis) -> redis.set(CLOCK, MessageId.format(MessageId.of(ahead, 0))));
			publishOn(this.older, "lost");
			SseBlock lost = stream.awaitBlock((block) -> "lost to user:alice".equals(block.data()), TestNode.SOON);
			move.accept(node);
			stream.awaitBlock((block) -> "meanwhile to user:alice".equals(block.data()), TestNode.SOON);
			publishOn(this.newer, "after");
			SseBlock after = stream.awaitBlock((block) -> "after to user:alice".equals(block.data()), TestNode.SOON);
			assertThat(heard(stream)).containsExactly("before to news", "before to user:alice", "lost to news",
					"lost to user:alice", "meanwhile to news", "meanwhile to user:alice", "after to news",
					"after to user:alice");
			assertThat(MessageId.parse(after.id())).as("ids go on above all that clients have seen")
				.isGreaterThan(MessageId.parse(lost.id()));
			assertThat(gaps(stream)).allMatch((gap) -> gap.get("reason").asString().equals("data-loss"));
		}
	}

	@Test
	void aCursorFromTheOldMasterHidesNothingOfTheNewOne() {
		String cursor;
		try (TestNode node = node(); SseClient stream = node.open("alice", "news")) {
			promote();
			publishOn(this.newer, "meanwhile");
			publishOn(this.older, "lost");
			stream.awaitBlock((block) -> "lost to user:alice".equals(block.data()), TestNode.SOON);
			cursor = stream.lastEventId();
		}
		this.wire.redirect(this.newer.port());
		try (TestNode node = node();
				SseClient stream = TestNode.opened(node.stream("alice").header("Last-Event-ID", cursor), "news")) {
			stream.awaitBlock((block) -> "meanwhile to user:alice".equals(block.data()), TestNode.SOON);
			assertThat(gaps(stream)).isNotEmpty();
		}
	}

	@Test
	void theLinkForMessagesFollowsTheLinkForCommands() {
		try (TestNode node = node(); SseClient stream = node.open("alice", "news")) {
			promote();
			this.wire.redirect(this.newer.port());
			// Only commands move; nothing ends the other link.
			ask(this.older,
					(redis) -> redis.clientList()
						.lines()
						.filter((line) -> line.contains(" sub=0 ") && line.contains("cmd=eval"))
						.map((line) -> Long.parseLong(line.substring(3, line.indexOf(' '))))
						.forEach((id) -> redis.clientKill(KillArgs.Builder.id(id))));
			assertMoved(node, stream);
		}
	}

	@Test
	void theLinkForCommandsFollowsTheLinkForMessages() {
		try (TestNode node = node(); SseClient stream = node.open("alice", "news")) {
			promote();
			this.wire.redirect(this.newer.port());
			// Only the link for messages moves; nothing ends the other one.
			ask(this.older, (redis) -> redis.clientKill(KillArgs.Builder.typePubsub()));
			assertMoved(node, stream);
		}
	}

	/** A failover by hand, behind one address: no connection ends by it. */
	@Test
	void bothLinksLeaveAServerThatBecameAReplica() {
		try (TestNode node = node(); SseClient stream = node.open("alice", "news")) {
			promote();
			this.wire.redirect(this.newer.port());
			ask(this.older, (redis) -> redis.replicaof("127.0.0.1", this.newer.port()));
			assertMoved(node, stream);
		}
	}

	/** The stream stays and receives what is published on the new master. */
	private void assertMoved(TestNode node, SseClient stream) {
		await().atMost(TestNode.SOON).until(() -> node.bean(PubSubLink.class).isUp() && subscribers(this.newer) == 1);
		await().atMost(TestNode.SOON).untilAsserted(() -> assertThat(linksTo(this.older)).isEmpty());
		publishOn(this.newer, "after");
		stream.awaitBlock((block) -> "after to user:alice".equals(block.data()), TestNode.SOON);
		assertThat(heard(stream)).containsExactly("after to news", "after to user:alice");
	}

	/** What subscribes, and what runs scripts. */
	private List<String> linksTo(RedisProcess redis) {
		return this.<String>tell(redis, RedisCommands::clientList)
			.lines()
			.filter((line) -> !line.contains(" sub=0 ") || line.contains(" cmd=eval"))
			.toList();
	}

	private TestNode node() {
		return TestNode.start(this.older, "a", "--spring.data.redis.port=" + this.wire.port(),
				"--fanfare.redis.renew-interval=1s");
	}

	/** The replica has all that the master has, and is a master itself from now on. */
	private void promote() {
		await().atMost(TestNode.SOON)
			.until(() -> this.<String>tell(this.newer, (redis) -> redis.info("replication"))
				.contains("master_link_status:up") && offset(this.older).equals(offset(this.newer)));
		ask(this.newer, RedisCommands::replicaofNoOne);
	}

	/** The node's links move over to the new master. */
	private void move(TestNode node) {
		this.wire.redirect(this.newer.port());
		this.wire.cut();
		await().atMost(TestNode.SOON).until(() -> subscribers(this.newer) == 1 && node.bean(PubSubLink.class).isUp());
	}

	private String offset(RedisProcess redis) {
		return this.<String>tell(redis, (commands) -> commands.info("replication"))
			.lines()
			.filter((line) -> line.startsWith("master_repl_offset:"))
			.findFirst()
			.orElseThrow();
	}

	private long subscribers(RedisProcess redis) {
		String channel = "fanfare:{0}:ch:all";
		return this.<Long>tell(redis, (commands) -> commands.pubsubNumsub(channel).get(channel));
	}

	private static void publishOn(RedisProcess redis, String text) {
		try (Backend backend = new Backend(redis)) {
			backend.publish(NEWS, text + " to news");
			backend.publish(ALICE, text + " to user:alice");
		}
	}

	private static List<String> heard(SseClient stream) {
		return stream.blocks()
			.stream()
			.filter((block) -> block.type().equals("message") && block.data() != null)
			.map(SseBlock::data)
			.toList();
	}

	private static List<JsonNode> gaps(SseClient stream) {
		return stream.blocks()
			.stream()
			.filter((block) -> block.fires("push.gap"))
			.map((block) -> JsonMapper.shared().readTree(block.data()))
			.toList();
	}

	private void ask(RedisProcess redis, Consumer<RedisCommands<String, String>> question) {
		this.<Boolean>tell(redis, (commands) -> {
			question.accept(commands);
			return true;
		});
	}

	private <T> T tell(RedisProcess redis, Function<RedisCommands<String, String>, T> question) {
		RedisClient client = RedisClient.create(redis.uri());
		try (StatefulRedisConnection<String, String> connection = client.connect()) {
			return question.apply(connection.sync());
		}
		finally {
			client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
		}
	}

}
