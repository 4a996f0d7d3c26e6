package io.fanfare.node;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.fanfare.node.admission.Admission;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.call.CallName;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.RawUnixChannelOption;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

/** How time ends streams, and how a node finds out who is gone. */
class ConnectionEndsIT {

	private static TestNode probing;

	private static TestNode brief;

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final String user = newUser();

	@BeforeAll
	static void startNodes() {
		probing = TestNode.start(Cluster.redis(), "probing", "--fanfare.connections.heartbeat=1s",
				"--fanfare.connections.ack-timeout=1s", "--fanfare.connections.probe-timeout=2s",
				"--fanfare.connections.unreachable-after=2s");
		brief = TestNode.start(Cluster.redis(), "brief", "--fanfare.connections.heartbeat=1s",
				"--fanfare.connections.lifetime=5s", "--fanfare.connections.idle-close=2s",
				"--fanfare.connections.ack-timeout=1s");
	}

	@AfterAll
	static void stopNodes() {
		if (probing != null) {
			probing.close();
		}
		if (brief != null) {
			brief.close();
		}
	}

	private static String key(SseClient stream) {
		return Blocks.json(stream.blocks().getFirst()).get("key").asString();
	}

	private static Answer acknowledge(TestNode at, SseClient stream, String nonces) {
		return at.request("/events/ack")
			.method("POST")
			.body("text/plain", "{\"key\":\"" + key(stream) + "\",\"nonces\":" + nonces + "}")
			.fetch();
	}

	/** Says by a call, as JSON behind the key, what the client of a stream received. */
	private static Answer received(TestNode at, SseClient stream, String what) {
		return at.request("/events/ack")
			.method("POST")
			.body("text/plain;charset=UTF-8", "{\"key\":\"" + key(stream) + "\"," + what + "}")
			.fetch();
	}

	private static JsonNode shown(SseClient stream) {
		String connection = Blocks.json(stream.blocks().getFirst()).get("connection").asString();
		return Cluster.backend()
			.ask(probing.identity(), CallName.SHOW_CONNECTION, "{\"connection\":\"" + connection + "\"}")
			.get("connection");
	}

	private static String nonce(SseBlock probe) {
		return Blocks.json(probe).get("nonce").asString();
	}

	private static void assertEnds(SseClient stream, String reason) {
		SseBlock goaway = stream.awaitBlock((block) -> block.fires("push.goaway"), SOON);
		assertThat(Blocks.json(goaway).get("reason").asString()).isEqualTo(reason);
		assertThat(goaway.id()).isNotNull();
		assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
		Blocks.assertSound(stream.blocks());
	}

	// ---- acknowledgements

	@Test
	void aClientThatAnswersItsProbesStaysWhicheverNodeItAnswers() {
		try (SseClient stream = opened(probing.stream(this.user).query("ack", "1"))) {
			for (TestNode at : new TestNode[] { probing, brief, probing, brief }) {
				SseBlock probe = stream.awaitBlock((block) -> block.fires("push.probe"), SOON);
				assertThat(probe.id()).isNotNull();
				assertThat(acknowledge(at, stream, "[\"" + nonce(probe) + "\"]").status()).isEqualTo(204);
			}
			assertThat(stream.blocks().stream().filter((block) -> block.fires("push.probe")).map(Blocks::json))
				.doesNotHaveDuplicates();
			assertThat(stream.end()).isNull();
		}
	}

	@Test
	void aClientThatAcknowledgesByItselfIsNotProbed() {
		try (SseClient stream = opened(probing.stream(this.user).query("ack", "1"))) {
			Instant until = Instant.now().plusSeconds(3);
			await().pollInterval(Duration.ofMillis(300)).atMost(SOON).until(() -> {
				assertThat(acknowledge(probing, stream, "[]").status()).isEqualTo(204);
				return Instant.now().isAfter(until);
			});
			assertThat(stream.blocks()).noneMatch((block) -> block.fires("push.probe"));
		}
	}

	@Test
	void aProbeIsAnsweredByItsNonceAlone() {
		try (SseClient stream = opened(probing.stream(this.user).query("ack", "1"))) {
			stream.awaitBlock((block) -> block.fires("push.probe"), SOON);
			assertThat(acknowledge(probing, stream, "[\"another\"]").status()).isEqualTo(204);
			assertThat(acknowledge(probing, stream, "[]").status()).isEqualTo(204);
			assertEnds(stream, "zombie");
			await().atMost(SOON).until(() -> Cluster.backend().presenceField(this.user) == null);
			assertThat(acknowledge(probing, stream, "[]").status()).isEqualTo(404);
			assertThat(probing.meter("sse.connections.closed", "reason", "zombie")).isPositive();
		}
	}

	@Test
	void aClientSaysWhichMessagesItReceivedToWhicheverNode() {
		try (SseClient stream = opened(probing.stream(this.user).query("ack", "1"))) {
			List<String> ids = IntStream.range(0, 102)
				.mapToObj((i) -> Cluster.backend().publish(ChannelName.user(this.user), "message " + i))
				.toList();
			stream.awaitBlock((block) -> ids.getLast().equals(block.id()), SOON);
			assertThat(received(probing, stream, "\"cursor\":\"" + ids.get(1) + "\"").status()).isEqualTo(204);
			await().atMost(SOON).until(() -> ids.get(1).equals(shown(stream).path("acknowledged").asString()));
			String above = "[\"" + String.join("\",\"", ids.subList(2, 102)) + "\"]";
			assertThat(received(brief, stream, "\"cursor\":\"" + ids.get(0) + "\",\"ids\":" + above).status())
				.isEqualTo(204);
			await().atMost(SOON).until(() -> shown(stream).path("acknowledgedAbove").asInt() == 100);
			assertThat(shown(stream).path("acknowledged").asString()).isEqualTo(ids.get(1));
			assertThat(received(brief, stream, "\"cursor\":\"8796093022207-0\"").status()).isEqualTo(204);
			await().atMost(SOON).until(() -> ids.getLast().equals(shown(stream).path("acknowledged").asString()));
			assertThat(shown(stream).path("acknowledgedAbove").isNull()).isTrue();
		}
	}

	@Test
	void aNativeClientIsNotProbed() {
		try (SseClient stream = probing.open(this.user)) {
			await().atMost(SOON).until(() -> stream.comments().size() >= 5);
			assertThat(stream.blocks()).hasSize(1);
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = ';',
			value = { "{};key", "{\"key\":1};key", "{\"key\":\"x y\"};key", "nothing;body",
					"{\"key\":\"%s\",\"nonces\":\"a\"};nonces", "{\"key\":\"%s\",\"nonces\":[\"a b\"]};nonces",
					"{\"key\":\"%s\",\"nonces\":[1]};nonces", "{\"key\":\"%s\",\"cursor\":null};cursor",
					"{\"key\":\"%s\",\"cursor\":\"\"};cursor", "{\"key\":\"%s\",\"cursor\":17};cursor",
					"{\"key\":\"%s\",\"cursor\":\"k.17\"};cursor", "{\"key\":\"%s\",\"cursor\":[\"7-3\"]};cursor",
					"{\"key\":\"%s\",\"ids\":\"7-3\"};ids", "{\"key\":\"%s\",\"ids\":[\"7-3\",\"x\"]};ids",
					"{\"key\":\"%s\",\"ids\":[7]};ids", "{\"key\":\"%s\",\"ids\":{}};ids" })
	void whatIsNoAcknowledgementNamesItsField(String body, String field) {
		Answer answer = probing.request("/events/ack")
			.method("POST")
			.body("application/json", body.formatted(probing.identity() + ".abcdefghijklmnopqrstuv"))
			.fetch();
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.text()).contains("\"detail\":\"" + field + ": ");
	}

	// ---- lifetime and idleness

	@Test
	void aStreamIsSentOnAtTheEndOfItsLifeAndMissesNothing() {
		String topic = newTopic();
		Instant began = Instant.now();
		String cursor;
		try (SseClient stream = opened(brief.stream(this.user).query("ack", "1"), topic)) {
			await().pollInterval(Duration.ofMillis(200)).atMost(SOON).until(() -> {
				stream.blocks()
					.stream()
					.filter((block) -> block.fires("push.probe"))
					.forEach((probe) -> acknowledge(brief, stream, "[\"" + nonce(probe) + "\"]"));
				return stream.end() != null;
			});
			assertEnds(stream, "lifetime");
			assertAnnounced(stream, "lifetime");
			assertThat(stream.blocks().getLast().at()).isBetween(began.plusMillis(4_400), began.plusMillis(9_000));
			cursor = stream.lastEventId();
		}
		String missed = Cluster.backend().publish(ChannelName.topic(topic), "meanwhile");
		try (SseClient next = opened(probing.stream(this.user).header("Last-Event-ID", cursor), topic)) {
			assertThat(next.awaitBlock(Blocks::isMessage, SOON).id()).isEqualTo(missed);
		}
	}

	private static void assertAnnounced(SseClient stream, String reason) {
		assertThat(stream.blocks()).filteredOn((block) -> block.fires("push.expiring")).last().satisfies((block) -> {
			assertThat(Blocks.json(block).get("reason").asString()).isEqualTo(reason);
			assertThat(Blocks.json(block).get("atMs").asLong()).isBetween(block.at().toEpochMilli() - 2_000,
					block.at().toEpochMilli() + 2_000);
		});
	}

	@Test
	void aStreamWithoutMessagesIsSentOn() {
		Instant began = Instant.now();
		try (SseClient quiet = brief.open(this.user); SseClient busy = brief.open(newUser(), "busy")) {
			await().pollInterval(Duration.ofMillis(500)).atMost(SOON).until(() -> {
				Cluster.backend().publish(ChannelName.topic("busy"), "more");
				return quiet.end() != null;
			});
			assertEnds(quiet, "idle");
			assertAnnounced(quiet, "idle");
			assertThat(quiet.blocks().getLast().at()).isBetween(began.plusMillis(1_900), began.plusMillis(5_000));
			assertThat(busy.end()).isNull();
		}
	}

	// ---- clients that are gone without a word

	@Test
	void aClientThatNothingReachesAnyMoreIsGoneSoon() throws InterruptedException {
		assertGoesUnheard(probing, SOON);
		if (Boolean.getBoolean("fanfare.long")) {
			try (TestNode shipped = TestNode.start(Cluster.redis(), "shipped")) {
				assertGoesUnheard(shipped, Duration.ofSeconds(45));
			}
		}
	}

	private void assertGoesUnheard(TestNode node, Duration within) throws InterruptedException {
		assumeThat(Epoll.isAvailable()).isTrue();
		EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
		try {
			Channel channel = new Bootstrap().group(group)
				.channel(EpollSocketChannel.class)
				.handler(new ChannelInboundHandlerAdapter() {
					@Override
					public void channelRead(ChannelHandlerContext context, Object message) {
						((ByteBuf) message).release();
					}
				})
				.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()))
				.sync()
				.channel();
			channel.writeAndFlush(Unpooled.copiedBuffer(
					"GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + Tokens.token(this.user) + "\r\n\r\n",
					StandardCharsets.US_ASCII));
			await().atMost(SOON).until(() -> Cluster.backend().presenceField(this.user) != null);
			int before = node.bean(Admission.class).size();
			dropWhatArrives(channel);
			await().atMost(within).until(() -> Cluster.backend().presenceField(this.user) == null);
			assertThat(node.bean(Admission.class).size()).isLessThan(before);
			assertThat(node.meter("sse.connections.closed", "reason", "unreachable")).isPositive();
			assertThat(channel.isActive()).isTrue();
		}
		finally {
			group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
		}
	}

	/**
	 * The kernel drops every packet before it is acknowledged, as if the wire were cut: a
	 * socket filter (BPF) whose only instruction keeps nothing.
	 */
	private static void dropWhatArrives(Channel channel) {
		ByteBuf keepNothing = Unpooled.directBuffer(8);
		try {
			keepNothing.writeShortLE(0x06).writeByte(0).writeByte(0).writeInt(0);
			ByteBuffer value = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
			value.putShort(0, (short) 1).putLong(8, keepNothing.memoryAddress());
			assertThat(channel.config().setOption(new RawUnixChannelOption("SO_ATTACH_FILTER", 1, 26, 16), value))
				.isTrue();
		}
		finally {
			keepNothing.release();
		}
	}

}
