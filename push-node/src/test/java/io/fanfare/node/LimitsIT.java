package io.fanfare.node;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import io.fanfare.node.admission.Admission;
import io.fanfare.node.auth.InvalidTokenException;
import io.fanfare.node.auth.TokenVerifier;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Tier;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * How much an address, and a user, may ask for. Loopback is a trusted proxy, so
 * X-Forwarded-For says where a client is.
 */
class LimitsIT {

	private static final AtomicInteger ADDRESSES = new AtomicInteger();

	/** A few opens, no matter how many at once. */
	private static TestNode opens;

	/** A few streams at once, and loopback is neither believed nor exempt. */
	private static TestNode wary;

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final List<SseClient> streams = new ArrayList<>();

	@BeforeAll
	static void startNodes() {
		opens = TestNode.start(Cluster.redis(), "opens", "--fanfare.limits.opens-per-minute=2",
				"--fanfare.limits.connections-per-address=0", "--fanfare.jwt.default-tier=low");
		wary = TestNode.start(Cluster.redis(), "wary", "--fanfare.limits.connections-per-address=2",
				"--fanfare.trusted-proxies=192.0.2.1", "--fanfare.limits.exempt=",
				"--fanfare.limits.refusals-per-minute=3");
	}

	@AfterAll
	static void stopNodes() {
		if (opens != null) {
			opens.close();
		}
		if (wary != null) {
			wary.close();
		}
	}

	@AfterEach
	void closeStreams() {
		this.streams.forEach(SseClient::close);
	}

	private static String newAddress() {
		return "198.51.100." + ADDRESSES.incrementAndGet();
	}

	private static SseRequest from(TestNode node, String address) {
		return node.stream(newUser()).header("X-Forwarded-For", address);
	}

	private SseClient keep(SseRequest request) {
		SseClient stream = opened(request);
		this.streams.add(stream);
		return stream;
	}

	private static boolean isRefused(SseRequest request) {
		try (SseClient stream = request.open()) {
			return stream.nextBlock(SOON).fires("push.busy");
		}
	}

	private static JsonNode busy(SseRequest request) {
		try (SseClient stream = request.open()) {
			assertThat(stream.status()).isEqualTo(200);
			SseBlock block = stream.nextBlock(SOON);
			assertThat(block.event()).isEqualTo("push.busy");
			assertThat(Blocks.json(block).get("reason").asString()).isEqualTo("rate-limited");
			assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			return Blocks.json(block);
		}
	}

	private static void assertViolates(Answer answer, String policy) {
		assertThat(answer.status()).isEqualTo(429);
		assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
		JsonNode problem = JsonMapper.shared().readTree(answer.text());
		assertThat(problem.get("type").asString())
			.isEqualTo("https://iana.org/assignments/http-problem-types#quota-exceeded");
		assertThat(problem.get("violated-policies").toString()).isEqualTo("[\"" + policy + "\"]");
	}

	private static long seconds(Answer answer, String header, String before) {
		assertThat(answer.header(header)).startsWith(before);
		return Long.parseLong(answer.header(header).substring(before.length()));
	}

	// ---- streams at once

	@Test
	void theFiftyFirstStreamOfAnAddressIsRefusedOnWhicheverNode() {
		String address = newAddress();
		List<TestNode> nodes = List.of(Cluster.first(), Cluster.second());
		for (int i = 0; i < 50; i++) {
			keep(from(nodes.get(i % 2), address));
		}
		int held = Cluster.first().bean(Admission.class).size();
		double before = Cluster.first().meter("fanfare.streams.refused", "limit", "connections");
		assertThat(busy(from(Cluster.first(), address)).get("retryMs").asLong()).isBetween(2_000L, 10_000L);
		Answer answer = from(Cluster.first(), address).query("strict", "1")
			.header("Origin", "https://app.example")
			.fetch();
		assertViolates(answer, "connections");
		assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"connections\";q=50;qu=\"concurrent-requests\"");
		assertThat(answer.header("RateLimit")).isEqualTo("\"connections\";r=0");
		assertThat(seconds(answer, "Retry-After", "")).isBetween(2L, 10L);
		assertThat(answer.header("Access-Control-Expose-Headers"))
			.isEqualTo("RateLimit, RateLimit-Policy, Retry-After");
		assertThat(busy(from(Cluster.second(), address)).get("reason").asString()).isEqualTo("rate-limited");
		assertThat(Cluster.first().meter("fanfare.streams.refused", "limit", "connections")).isEqualTo(before + 2);
		assertThat(Cluster.first().bean(Admission.class).size()).isEqualTo(held);
		keep(from(Cluster.second(), newAddress()));

		this.streams.getFirst().close();
		await().atMost(SOON).until(() -> !isRefused(from(Cluster.second(), address)));
	}

	@Test
	void theHeadOfAStreamShowsWhatItsAddressAndItsUserHaveLeft() {
		String address = newAddress();
		keep(from(Cluster.second(), address));
		SseClient stream = keep(from(Cluster.first(), address).header("Origin", "https://app.example"));
		assertThat(stream.headers().firstValue("RateLimit-Policy"))
			.contains("\"connections\";q=50;qu=\"concurrent-requests\", \"opens\";q=60;w=60, \"user-opens\";q=30;w=60");
		assertThat(stream.headers().firstValue("RateLimit").orElse(""))
			.matches("\"connections\";r=48, \"opens\";r=58;t=(60|[1-5]?[0-9]), \"user-opens\";r=29;t=60");
		assertThat(stream.headers().firstValue("Access-Control-Expose-Headers"))
			.contains("RateLimit, RateLimit-Policy, Retry-After");
	}

	@Test
	void anAddressThatShowsTooManyWrongTokensIsRefusedButForItsRightOnes() {
		String address = newAddress();
		SseRequest wrong = wary.request("/events")
			.bearer("no.such.token")
			.query("strict", "1")
			.header("X-Forwarded-For", address);
		for (int i = 0; i < 3; i++) {
			assertThat(Cluster.first().request("/events").bearer("x").fetch().status()).isEqualTo(401);
		}
		for (int i = 0; i < 3; i++) {
			assertThat(wrong.fetch().status()).isEqualTo(401);
		}
		Answer refused = wrong.fetch();
		assertViolates(refused, "refusals");
		assertThat(refused.header("RateLimit-Policy")).isEqualTo("\"refusals\";q=3;w=60");
		assertThat(wary.meter("fanfare.streams.refused", "limit", "refusals")).isEqualTo(1);
		assertThat(wary.meter("fanfare.refusals", "reason", "throttled")).isEqualTo(1);
		assertThat(wary.meter("fanfare.refusals", "reason", "token-malformed")).isEqualTo(3);
		keep(wary.stream(newUser()).header("X-Forwarded-For", address));
	}

	@Test
	void whatANodeHeldThatCrashedCountsNoLongerThanItsLease() {
		String address = newAddress();
		Cluster.backend().holds("crashed.1", 50, address, 3_000);
		assertThat(isRefused(from(Cluster.first(), address))).isTrue();
		await().atMost(SOON).until(() -> !isRefused(from(Cluster.first(), address)));
	}

	@Test
	void aRefusedStreamTakesNobodysPlace() {
		String address = newAddress();
		String user = newUser();
		keep(Cluster.first().stream(user));
		Cluster.backend().holds("other.1", 50, address, 60_000);
		String owner = Cluster.backend().presenceField(user);
		busy(Cluster.first().stream(user).header("X-Forwarded-For", address));
		assertThat(Cluster.backend().presenceField(user)).isEqualTo(owner);
		assertThat(this.streams.getFirst().end()).isNull();
	}

	// ---- connections without a stream

	@Test
	void anAddressWithTooManyConnectionsIsToldTheNumberThatAppliesAndThenClosed() throws IOException {
		List<Socket> sockets = new ArrayList<>();
		try {
			// Twice the streams that it may have, and 64
			for (int i = 0; i < 68; i++) {
				sockets.add(new Socket(InetAddress.getLoopbackAddress(), wary.port()));
			}
			await().atMost(SOON).until(() -> wary.meter("fanfare.connections.open") >= 68);
			Answer answer = wary.stream(newUser()).query("strict", "1").fetch();
			assertViolates(answer, "connections");
			assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"connections\";q=68;qu=\"concurrent-requests\"");
			assertViolates(wary.request("/nothing").fetch(), "connections");
			for (int i = 0; i < 68; i++) {
				sockets.add(new Socket(InetAddress.getLoopbackAddress(), wary.port()));
			}
			await().atMost(SOON).until(() -> {
				try (Socket one = new Socket(InetAddress.getLoopbackAddress(), wary.port())) {
					one.setSoTimeout(500);
					return one.getInputStream().read() < 0;
				}
				catch (SocketException ex) {
					return true;
				}
				catch (SocketTimeoutException ex) {
					return false;
				}
			});
			assertThat(wary.meter("fanfare.connections.refused", "limit", "address")).isGreaterThanOrEqualTo(3);
		}
		finally {
			for (Socket socket : sockets) {
				socket.close();
			}
		}
		await().atMost(SOON).until(() -> wary.request("/nothing").fetch().status() == 404);
	}

	@Test
	void aConnectionThatIsKeptByRefusalsIsClosedAfterTwenty() throws IOException {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), Cluster.first().port())) {
			socket.setSoTimeout(10_000);
			socket.getOutputStream()
				.write("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n".repeat(30).getBytes(StandardCharsets.US_ASCII));
			String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
			assertThat(answers.split("HTTP/1.1 404 ", -1)).hasSize(21);
			assertThat(answers.split("Connection: close", -1)).hasSize(2);
		}
	}

	// ---- opens

	@Test
	void theSixtyFirstOpenWithinAMinuteIsRefused() {
		String address = newAddress();
		for (int i = 0; i < 60; i++) {
			opened(from((i % 2 == 0) ? Cluster.first() : Cluster.second(), address)).close();
			if (i % 20 == 19) {
				await().atMost(SOON).until(() -> Cluster.backend().held(address) < 20);
			}
		}
		Answer answer = from(Cluster.first(), address).query("strict", "1").fetch();
		assertViolates(answer, "opens");
		assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"opens\";q=60;w=60");
		long reset = seconds(answer, "RateLimit", "\"opens\";r=0;t=");
		assertThat(reset).isBetween(1L, 60L);
		assertThat(seconds(answer, "Retry-After", "")).isBetween(reset + 1, reset + 61);
		assertThat(answer.header("Access-Control-Expose-Headers")).isEmpty();
		assertThat(busy(from(Cluster.second(), address)).get("retryMs").asLong()).isGreaterThan(reset * 1_000 - 2_000);
	}

	@Test
	void anIpv6NetworkCountsAsOne() {
		String network = "2001:db8:" + ADDRESSES.incrementAndGet();
		assertThat(isRefused(from(opens, network + ":7::1"))).isFalse();
		assertThat(isRefused(from(opens, network + ":7:ffff::2"))).isFalse();
		assertThat(isRefused(from(opens, network + ":7::3"))).isTrue();
		assertThat(isRefused(from(opens, network + ":8::1"))).isFalse();
	}

	@Test
	void aMappedAddressCountsAsIpv4() {
		String address = newAddress();
		assertThat(isRefused(from(opens, address))).isFalse();
		assertThat(isRefused(from(opens, "::ffff:" + address))).isFalse();
		assertThat(isRefused(from(opens, address + ":4711"))).isTrue();
	}

	@Test
	void loopbackIsExempt() {
		for (Supplier<SseRequest> request : List.<Supplier<SseRequest>>of(() -> opens.stream(newUser()),
				() -> from(opens, "127.0.0.9"), () -> from(opens, "::1"))) {
			for (int i = 0; i < 4; i++) {
				assertThat(isRefused(request.get())).isFalse();
			}
		}
	}

	@Test
	void whatAClientSaysOfItselfDoesNotCount() {
		keep(from(wary, newAddress()));
		keep(from(wary, newAddress()));
		assertThat(isRefused(from(wary, newAddress()))).isTrue();

		String address = newAddress();
		for (int i = 0; i < 2; i++) {
			assertThat(isRefused(from(opens, newAddress() + ", " + address))).isFalse();
		}
		assertThat(isRefused(from(opens, newAddress() + ", " + address))).isTrue();
	}

	@Test
	void theThirtyFirstOpenOfAUserIsRefusedOnWhicheverNodeAndTheOwnerStays() {
		String user = newUser();
		for (int i = 0; i < 30; i++) {
			keep(((i % 2 == 0) ? Cluster.first() : Cluster.second()).stream(user)
				.query("client", "a")
				.query("page", "p"));
		}
		SseClient owner = this.streams.getLast();
		assertThat(owner.headers().firstValue("RateLimit-Policy")).as("no other limit applies to loopback")
			.contains("\"user-opens\";q=30;w=60");
		assertThat(owner.headers().firstValue("RateLimit").orElse("")).matches("\"user-opens\";r=0;t=(60|[1-5]?[0-9])");
		Answer answer = Cluster.first().stream(user).query("client", "a").query("strict", "1").fetch();
		assertViolates(answer, "user-opens");
		assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"user-opens\";q=30;w=60");
		long reset = seconds(answer, "RateLimit", "\"user-opens\";r=0;t=");
		assertThat(reset).isBetween(1L, 60L);
		assertThat(seconds(answer, "Retry-After", "")).isBetween(reset + 1, reset + 61);
		assertThat(owner.end()).isNull();
	}

	/** A token that names no tier, as those of tests. */
	@Test
	void theDefaultTierIsASetting() throws InvalidTokenException {
		String token = Tokens.token(newUser());
		assertThat(opens.bean(TokenVerifier.class).verify(token).tier()).isEqualTo(Tier.LOW);
		assertThat(wary.bean(TokenVerifier.class).verify(token).tier()).isEqualTo(Tier.NORMAL);
	}

	// ---- takeovers

	@Test
	void theEleventhPageWithinAMinuteIsRefusedAndTheOwnerStays() {
		String user = newUser();
		for (int i = 0; i <= 10; i++) {
			keep(Cluster.first().stream(user).query("client", "page-" + i));
		}
		SseClient owner = this.streams.getLast();
		double before = Cluster.second().meter("fanfare.streams.refused", "limit", "takeovers");
		int held = Cluster.second().bean(Admission.class).size();
		assertThat(busy(Cluster.second().stream(user).query("client", "newcomer")).get("retryMs").asLong())
			.isBetween(2_000L, 120_000L);
		Answer answer = Cluster.second().stream(user).query("client", "newcomer").query("strict", "1").fetch();
		assertViolates(answer, "takeovers");
		assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"takeovers\";q=10;w=60");
		assertThat(seconds(answer, "RateLimit", "\"takeovers\";r=0;t=")).isBetween(1L, 60L);
		assertThat(Cluster.second().meter("fanfare.streams.refused", "limit", "takeovers")).isEqualTo(before + 2);
		await().atMost(SOON).until(() -> Cluster.second().bean(Admission.class).size() <= held);

		String id = Cluster.backend().publish(ChannelName.user(user), "for the owner");
		assertThat(owner.awaitBlock(Blocks::isMessage, SOON).id()).isEqualTo(id);
		assertThat(owner.end()).isNull();
		SseClient again = keep(Cluster.second().stream(user).query("client", "page-10"));
		assertThat(owner.awaitEnd(SOON)).as("its own reconnect").isEqualTo(End.COMPLETE);
		assertThat(again.end()).isNull();
	}

}
