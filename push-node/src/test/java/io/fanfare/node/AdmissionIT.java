package io.fanfare.node;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.fanfare.node.admin.ListConnections;
import io.fanfare.node.admission.Admission;
import io.fanfare.node.connection.Connections;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

import static io.fanfare.node.TestNode.A_WHILE;
import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** What a full node does with those who come. */
class AdmissionIT {

	private static final int PLACES = 4;

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final Deque<SseClient> opened = new ArrayDeque<>();

	private static TestNode start(String... settings) {
		List<String> all = new ArrayList<>(List.of("--fanfare.connections.max=" + PLACES, "--fanfare.stream.loops=2",
				"--fanfare.connections.heartbeat=1s", "--fanfare.admission.notice-interval=100ms"));
		all.addAll(List.of(settings));
		return TestNode.start(Cluster.redis(), "small", all.toArray(String[]::new));
	}

	private static SseRequest stream(TestNode node, String user, Tier tier) {
		return node.request("/events").bearer(Tokens.sign(Tokens.claims(user, "*").claim("tier", tier.wireName())));
	}

	private SseClient open(SseRequest request) {
		SseClient stream = request.open();
		this.opened.add(stream);
		return stream;
	}

	private List<SseClient> fill(TestNode node, Tier tier) {
		List<SseClient> streams = new ArrayList<>();
		for (int i = 0; i < PLACES; i++) {
			SseClient stream = open(stream(node, newUser(), tier));
			assertThat(stream.nextBlock(SOON).type()).isEqualTo("push.connected");
			streams.add(stream);
		}
		return streams;
	}

	private SseClient waiter(TestNode node, SseRequest request) {
		int before = waiting(node);
		SseClient waiter = open(request);
		SseBlock first = waiter.nextBlock(SOON);
		assertThat(first.type()).isEqualTo("push.waiting");
		assertThat(waiting(node)).isEqualTo(before + 1);
		return waiter;
	}

	private static int waiting(TestNode node) {
		return node.bean(Admission.class).waiting();
	}

	private static SseBlock connected(SseClient stream) {
		return stream.awaitBlock((block) -> block.fires("push.connected"), SOON);
	}

	private static Map<String, Long> states(TestNode node) {
		return new ListConnections(node.bean(Connections.class), TestScheduler.shared())
			.run(new CallRequest.ListConnections(null, null, null, null, null, null))
			.join()
			.connections()
			.stream()
			.map(ConnectionStatus::state)
			.collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
	}

	private static int position(SseClient waiter) {
		List<SseBlock> told = waiter.blocks().stream().filter((block) -> block.fires("push.waiting")).toList();
		return Blocks.json(told.getLast()).get("position").asInt();
	}

	private static void assertEmpty(TestNode node) {
		await().atMost(SOON).until(() -> node.bean(Connections.class).known() == 0);
		assertThat(node.bean(Admission.class).size()).isZero();
		assertThat(waiting(node)).isZero();
	}

	private void closeAll() {
		this.opened.forEach(SseClient::close);
		this.opened.clear();
	}

	// ---- waiting

	@Test
	void aWaiterIsToldWhereItStandsAndMissesNothingOnceItIsIn() {
		try (TestNode node = start()) {
			List<SseClient> streams = fill(node, Tier.NORMAL);
			String topic = newTopic();
			String seen = Cluster.backend().publish(ChannelName.topic(topic), "seen");
			String missed = Cluster.backend().publish(ChannelName.topic(topic), "missed");
			SseClient first = waiter(node,
					node.stream(newUser()).query("channel", topic).query("heartbeat", "event").lastEventId(seen));
			SseClient second = waiter(node, node.stream(newUser()));
			SseBlock told = first.blocks().getFirst();
			assertThat(told.id()).isEqualTo(seen);
			assertThat(told.retry()).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(10));
			JsonNode json = Blocks.json(told);
			assertThat(json.get("position").asInt()).isEqualTo(1);
			assertThat(json.get("total").asInt()).isEqualTo(1);
			assertThat(json.get("estimateMs").isNull()).isTrue();
			assertThat(position(second)).isEqualTo(2);
			assertThat(node.meter("sse.waiting.connections")).isEqualTo(2);
			assertThat(states(node)).isEqualTo(Map.of("active", (long) PLACES, "waiting", 2L));
			assertThat(node.meter("sse.active.connections")).isEqualTo(PLACES);
			// It lives while it waits.
			await().atMost(SOON).until(() -> !second.comments().isEmpty());
			assertThat(json.get("heartbeatMs").asInt()).isEqualTo(1_000);
			assertThat(first.awaitBlock((block) -> block.fires("push.heartbeat"), SOON).id()).isEqualTo(seen);

			streams.getFirst().close();
			assertThat(connected(first).id()).isNotNull();
			assertThat(first.awaitBlock(Blocks::isMessage, SOON).id()).isEqualTo(missed);
			await().atMost(SOON).until(() -> position(second) == 1);
			streams.get(1).close();
			connected(second);
			String live = Cluster.backend().publish(ChannelName.topic(topic), "live");
			assertThat(first.awaitBlock((block) -> live.equals(block.id()), SOON)).isNotNull();
			assertThat(node.meter("fanfare.admission.wait")).isEqualTo(2);
			Blocks.assertSound(first.blocks());
			closeAll();
			assertEmpty(node);
		}
	}

	@Test
	void aWaiterKicksNobody() {
		try (TestNode node = start()) {
			fill(node, Tier.NORMAL);
			String user = newUser();
			try (SseClient elsewhere = opened(Cluster.second().stream(user).query("client", "old"))) {
				SseClient waiter = waiter(node, node.stream(user).query("client", "new"));
				await().during(A_WHILE).atMost(SOON).until(() -> elsewhere.end() == null);
				Cluster.backend().publish(ChannelName.user(user), "hears");
				elsewhere.awaitBlock(Blocks::isMessage, SOON);
				this.opened.removeFirst().close();
				connected(waiter);
				elsewhere.awaitBlock((block) -> block.fires("push.kicked"), SOON);
			}
			closeAll();
			assertEmpty(node);
		}
	}

	@Test
	void whoIsHereAlreadyIsTakenInInItsOwnPlace() {
		try (TestNode node = start()) {
			String user = newUser();
			SseClient old = open(node.stream(user).query("client", "old"));
			connected(old);
			for (int i = 1; i < PLACES; i++) {
				connected(open(node.stream(newUser())));
			}
			SseClient waiter = waiter(node, node.stream(newUser()));
			for (int i = 0; i < 5; i++) {
				SseClient next = open(node.stream(user).query("client", "new" + i));
				connected(next);
				old.awaitBlock((block) -> block.fires("push.kicked"), SOON);
				old = next;
				await().atMost(SOON).until(() -> node.bean(Admission.class).size() == PLACES);
			}
			assertThat(waiter.blocks()).noneMatch((block) -> block.fires("push.connected"));
			old.close();
			connected(waiter);
			closeAll();
			assertEmpty(node);
		}
	}

	@Test
	void aProxyThatKnowsOtherNodesIsSentOn() {
		try (TestNode node = start()) {
			fill(node, Tier.NORMAL);
			assertThat(node.stream(newUser()).header("Fanfare-Next-Upstream", "1").fetch().status()).isEqualTo(503);
			Answer refused = node.stream(newUser()).header("Fanfare-Next-Upstream", "404").fetch();
			assertThat(refused.status()).isEqualTo(404);
			assertThat(refused.text()).contains("\"status\":404", "\"detail\":\"full\"");
			assertThat(refused.header("Connection")).isEqualTo("close");
			waiter(node, node.stream(newUser()).query("strict", "1"));
			waiter(node, node.stream(newUser()).header("Fanfare-Next-Upstream", "wait"));
			closeAll();
		}
	}

	@Test
	void aWaiterThatTakesOverOnceTooOftenIsToldSoOnItsStream() {
		try (TestNode node = start("--fanfare.limits.takeovers-per-minute=1")) {
			String user = newUser();
			fill(node, Tier.NORMAL);
			SseClient waiter = waiter(node, node.stream(user).query("client", "waiting"));
			try (SseClient first = opened(Cluster.second().stream(user).query("client", "a"));
					SseClient second = opened(Cluster.second().stream(user).query("client", "b"))) {
				first.awaitBlock((block) -> block.fires("push.kicked"), SOON);
				this.opened.removeFirst().close();
				SseBlock busy = waiter.awaitBlock((block) -> block.fires("push.busy"), SOON);
				assertThat(Blocks.json(busy).get("reason").asString()).isEqualTo("rate-limited");
				assertThat(waiter.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
				assertThat(second.end()).isNull();
			}
			closeAll();
			assertEmpty(node);
		}
	}

	@Test
	void aWaiterWhoseTokenEndsIsToldSo() {
		try (TestNode node = start()) {
			fill(node, Tier.NORMAL);
			SseClient waiter = waiter(node,
					node.request("/events").bearer(Tokens.expiringIn(newUser(), Duration.ofSeconds(2))));
			SseBlock last = waiter.awaitBlock((block) -> block.fires("push.goaway"), SOON);
			assertThat(Blocks.json(last).get("reason").asString()).isEqualTo("token-expired");
			assertThat(waiter.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			await().atMost(SOON).until(() -> waiting(node) == 0);
			closeAll();
		}
	}

	@Test
	void aNodeThatStopsSendsItsWaitersOn() {
		TestNode node = start();
		try {
			fill(node, Tier.NORMAL);
			SseClient waiter = waiter(node, node.stream(newUser()).lastEventId("5-5"));
			SseClient foreign = waiter(node, node.stream(newUser()).lastEventId("undefined"));
			node.close();
			assertThat(foreign.awaitBlock((block) -> block.fires("push.busy"), SOON)).isNotNull();
			assertThat(foreign.blocks()).extracting(SseBlock::id).containsOnlyNulls();
			SseBlock last = waiter.awaitBlock((block) -> block.fires("push.busy"), SOON);
			assertThat(Blocks.json(last).get("reason").asString()).isEqualTo("draining");
			assertThat(last.id()).isEqualTo("5-5");
			assertThat(waiter.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
		}
		finally {
			node.close();
			closeAll();
		}
	}

	@Test
	@Timeout(180)
	void threeHundredWaitersOfThreeTiersComeInByTheirWeightsWhoeverVanishes() {
		Random random = new Random(7);
		try (TestNode node = start()) {
			Deque<SseClient> holders = new ArrayDeque<>(fill(node, Tier.NORMAL));
			Map<Tier, List<SseClient>> lines = new EnumMap<>(Tier.class);
			Map<SseClient, Tier> tiers = new HashMap<>();
			for (int i = 0; i < 300; i++) {
				Tier tier = List.of(Tier.values()).get(i % 3);
				// Low streams hold no place here, so no stream can be preempted.
				SseClient waiter = waiter(node, stream(node, newUser(), tier).query("client", "page-" + i));
				lines.computeIfAbsent(tier, (line) -> new ArrayList<>()).add(waiter);
				tiers.put(waiter, tier);
			}
			List<SseClient> vanishing = new ArrayList<>(tiers.keySet());
			Collections.shuffle(vanishing, random);
			vanishing.subList(0, 100).forEach((waiter) -> {
				waiter.close();
				Objects.requireNonNull(lines.get(tiers.remove(waiter))).remove(waiter);
			});
			await().atMost(SOON).until(() -> waiting(node) == 200);
			await().atMost(SOON)
				.until(() -> tiers.keySet().stream().mapToInt(AdmissionIT::position).max().orElse(0) == 200);
			assertThat(tiers.keySet().stream().map(AdmissionIT::position)).doesNotHaveDuplicates()
				.allMatch((position) -> position >= 1 && position <= 200);

			List<SseClient> expected = new ArrayList<>(tiers.keySet());
			expected.sort((a, b) -> Integer.compare(position(a), position(b)));
			for (SseClient next : expected) {
				holders.removeFirst().close();
				connected(next);
				holders.addLast(next);
			}
			Map<Tier, Integer> shares = new EnumMap<>(Tier.class);
			expected.subList(0, 65).forEach((waiter) -> shares.merge(tiers.get(waiter), 1, Integer::sum));
			assertThat(shares).isEqualTo(Map.of(Tier.HIGH, 40, Tier.NORMAL, 20, Tier.LOW, 5));
			for (Tier tier : Tier.values()) {
				assertThat(expected.stream().filter((waiter) -> tiers.get(waiter) == tier))
					.containsExactlyElementsOf(lines.get(tier));
			}
			closeAll();
			assertEmpty(node);
		}
	}

	@Test
	void aPageThatVanishedStandsWhereItStood() {
		try (TestNode node = start()) {
			fill(node, Tier.NORMAL);
			String user = newUser();
			SseClient first = waiter(node, node.stream(user).query("client", "page"));
			SseClient second = waiter(node, node.stream(newUser()));
			first.abort();
			await().atMost(SOON).until(() -> position(second) == 1);
			SseClient back = waiter(node, node.stream(user).query("client", "page"));
			assertThat(position(back)).isEqualTo(1);
			await().atMost(SOON).until(() -> position(second) == 2);
			closeAll();
		}
	}

	@Test
	void aUserWaitsOnceAndTheNewestPageHasThePlace() {
		try (TestNode node = start()) {
			List<SseClient> streams = fill(node, Tier.NORMAL);
			String user = newUser();
			SseClient first = waiter(node, node.stream(user).query("client", "first"));
			SseClient other = waiter(node, node.stream(newUser()));
			SseClient second = open(node.stream(user).query("client", "second"));
			assertThat(second.nextBlock(SOON).type()).isEqualTo("push.waiting");
			assertThat(position(second)).isEqualTo(1);
			SseBlock kicked = first.awaitBlock((block) -> block.fires("push.kicked"), SOON);
			assertThat(Blocks.json(kicked).get("reason").asString()).isEqualTo("takeover");
			assertThat(kicked.id()).startsWith("k.");
			assertThat(first.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			SseClient higher = open(stream(node, user, Tier.LOW));
			assertThat(higher.nextBlock(SOON).type()).isEqualTo("push.waiting");
			second.awaitBlock((block) -> block.fires("push.kicked"), SOON);
			assertThat(waiting(node)).isEqualTo(2);
			assertThat(position(higher)).isEqualTo(2);
			streams.getFirst().close();
			connected(other);
			closeAll();
			assertEmpty(node);
		}
	}

	// ---- a stream ends

	@Test
	void theIdlestOfTierLowGoesForOneOfTierHighAndComesBack() {
		try (TestNode node = start()) {
			String topic = newTopic();
			SseClient idlest = open(stream(node, newUser(), Tier.LOW));
			connected(idlest);
			SseClient busy = open(stream(node, newUser(), Tier.LOW).query("channel", topic));
			connected(busy);
			connected(open(stream(node, newUser(), Tier.NORMAL)));
			connected(open(stream(node, newUser(), Tier.HIGH)));
			Cluster.backend().publish(ChannelName.topic(topic), "one");
			busy.awaitBlock(Blocks::isMessage, SOON);
			SseClient waiter = waiter(node, stream(node, newUser(), Tier.NORMAL));

			connected(open(stream(node, newUser(), Tier.HIGH)));
			assertPreempted(idlest);
			connected(open(stream(node, newUser(), Tier.HIGH)));
			assertPreempted(busy);
			// There is none of tier low any more.
			waiter(node, stream(node, newUser(), Tier.HIGH));
			assertThat(waiter.blocks()).noneMatch((block) -> block.fires("push.connected"));
			assertThat(node.meter("sse.connections.closed", "reason", "preempted")).isEqualTo(2);
			closeAll();
			assertEmpty(node);
		}
	}

	private static void assertPreempted(SseClient stream) {
		SseBlock last = stream.awaitBlock((block) -> block.fires("push.goaway"), SOON);
		assertThat(Blocks.json(last).get("reason").asString()).isEqualTo("preempted");
		assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
	}

	@Test
	void withoutAQueueSomebodyGoesOrTheNewcomerDoes() {
		try (TestNode node = start("--fanfare.admission.when-full=evict")) {
			List<SseClient> low = fill(node, Tier.LOW);
			assertThat(stream(node, newUser(), Tier.NORMAL).query("strict", "1").fetch().status()).isEqualTo(503);
			connected(open(stream(node, newUser(), Tier.HIGH)));
			assertPreempted(low.getFirst());
			low.subList(1, PLACES).forEach((stream) -> connected(open(stream(node, newUser(), Tier.HIGH))));
			low.subList(1, PLACES).forEach(AdmissionIT::assertPreempted);
			assertThat(stream(node, newUser(), Tier.HIGH).query("strict", "1").fetch().status()).isEqualTo(503);
			closeAll();
			assertEmpty(node);
		}
	}

	@Test
	void aStreamThatOwesAnAnswerGoesForWhoeverComes() {
		try (TestNode node = start("--fanfare.admission.when-full=reject", "--fanfare.connections.ack-timeout=1s",
				"--fanfare.connections.probe-timeout=60s")) {
			SseClient silent = open(stream(node, newUser(), Tier.HIGH).query("ack", "1"));
			connected(silent);
			for (int i = 1; i < PLACES; i++) {
				connected(open(stream(node, newUser(), Tier.LOW)));
			}
			assertThat(stream(node, newUser(), Tier.HIGH).query("strict", "1").fetch().status()).isEqualTo(503);
			silent.awaitBlock((block) -> block.fires("push.probe"), SOON);
			SseClient newcomer = await().atMost(SOON)
				.until(() -> open(stream(node, newUser(), Tier.LOW)),
						(stream) -> stream.nextBlock(SOON).fires("push.connected"));
			assertThat(newcomer.end()).isNull();
			SseBlock last = silent.awaitBlock((block) -> block.fires("push.goaway"), SOON);
			assertThat(Blocks.json(last).get("reason").asString()).isEqualTo("zombie");
			closeAll();
			assertEmpty(node);
		}
	}

	@Test
	void aNodeThatIsShortOfMemoryTakesNobodyInAndLetsTheIdlestOfTierLowGo() {
		try (TestNode node = start("--fanfare.memory.process-limit=1MB", "--fanfare.memory.interval=3s",
				"--fanfare.memory.step=0.5")) {
			SseClient low = open(stream(node, newUser(), Tier.LOW));
			connected(low);
			SseClient normal = open(stream(node, newUser(), Tier.NORMAL));
			connected(normal);
			SseBlock last = low.awaitBlock((block) -> block.fires("push.goaway"), SOON);
			assertThat(Blocks.json(last).get("reason").asString()).isEqualTo("memory");
			assertThat(low.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			assertThat(node.stream(newUser()).query("strict", "1").fetch().status()).isEqualTo(503);
			assertThat(node.meter("fanfare.memory.short")).isEqualTo(1);
			assertThat(node.meter("fanfare.memory.shed")).isEqualTo(1);
			assertThat(normal.end()).isNull();
			closeAll();
			assertEmpty(node);
		}
	}

	@Test
	void aFullRoomSaysSo() {
		try (TestNode node = start("--fanfare.admission.waiting-room=2")) {
			fill(node, Tier.NORMAL);
			waiter(node, node.stream(newUser()));
			waiter(node, node.stream(newUser()));
			SseClient late = open(node.stream(newUser()));
			SseBlock busy = late.nextBlock(SOON);
			assertThat(busy.type()).isEqualTo("push.busy");
			assertThat(Blocks.json(busy).get("reason").asString()).isEqualTo("full");
			closeAll();
			assertEmpty(node);
		}
	}

}
