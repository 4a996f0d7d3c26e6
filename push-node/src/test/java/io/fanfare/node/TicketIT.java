package io.fanfare.node;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import com.nimbusds.jwt.JWTClaimsSet;
import io.fanfare.node.observability.NodeHealth;
import io.fanfare.protocol.ChannelName;
import io.fanfare.redis.ticket.Issue;
import io.fanfare.redis.ticket.TicketRight;
import io.fanfare.redis.ticket.TicketState;
import io.fanfare.redis.ticket.Tickets;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** Streams that are opened by tickets. */
@ExtendWith(OutputCaptureExtension.class)
class TicketIT {

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final TestNode node = Cluster.first();

	private static SseRequest call(TestNode node, String token) {
		return node.request("/events/ticket").method("POST").bearer(token).header("Content-Length", "0");
	}

	private static String ticket(TestNode node, String token) {
		Answer answer = call(node, token).fetch();
		assertThat(answer.status()).as(answer.text()).isEqualTo(201);
		return json(answer).get("ticket").stringValue();
	}

	/** Made at a node that shares no limits with the tests. */
	private static String ticket(TestNode node, String user, Duration life) {
		Instant now = Instant.now();
		Issue issue = node.bean(Tickets.class)
			.issue(new TicketRight(user, List.of("*"), null, "id", now, now.plus(life)), now)
			.join();
		return ((Issue.Issued) issue).ticket();
	}

	private static SseRequest stream(TestNode node, String ticket) {
		return node.request("/events").query("ticket", ticket);
	}

	private static JsonNode json(Answer answer) {
		return JsonMapper.shared().readTree(answer.text());
	}

	private static void assertRefused(SseRequest request) {
		Answer answer = request.fetch();
		assertThat(answer.status()).isEqualTo(401);
		assertThat(json(answer).get("type").stringValue()).endsWith("/invalid-token");
		assertThat(answer.header("WWW-Authenticate")).contains("error=\"invalid_token\"");
	}

	// ---- by a call of the client

	@Test
	void aTicketGrantsWhatItsTokenDoesAndOpensOneStream(CapturedOutput output) throws Exception {
		String user = newUser();
		String topic = newTopic();
		JWTClaimsSet.Builder claims = Tokens.claims(user, topic).claim("tier", "low").jwtID("id-1");
		Answer answer = call(this.node, Tokens.sign(claims)).header("Origin", "https://app.example").fetch();
		assertThat(answer.status()).as(answer.text()).isEqualTo(201);
		assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
		assertThat(answer.header("Content-Type")).isEqualTo("application/json");
		assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
		assertThat(answer.header("Referrer-Policy")).isEqualTo("no-referrer");
		assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("https://app.example");
		assertThat(Instant.parse(json(answer).get("expiresAt").stringValue())).isBetween(Instant.now().plusSeconds(15),
				Instant.now().plusSeconds(31));
		String ticket = json(answer).get("ticket").stringValue();
		TicketState.Valid state = (TicketState.Valid) this.node.bean(Tickets.class).find(ticket, "").join();
		JWTClaimsSet token = claims.build();
		assertThat(state.right().id()).isEqualTo("id-1");
		assertThat(state.right().issued().getEpochSecond()).isEqualTo(token.getIssueTime().getTime() / 1000);
		assertThat(state.right().expires().getEpochSecond()).isEqualTo(token.getExpirationTime().getTime() / 1000);
		assertThat(state.right().tier().wireName()).isEqualTo("low");

		double spent = this.node.meter("fanfare.tickets.spent");
		assertThat(stream(this.node, ticket).query("channel", newTopic()).fetch().status()).as("refused, so not spent")
			.isEqualTo(403);
		try (SseClient stream = opened(stream(this.node, ticket), topic)) {
			assertThat(this.node.meter("fanfare.tickets.spent")).isEqualTo(spent + 1);
			String id = Cluster.backend().publish(ChannelName.topic(topic), "received");
			assertThat(stream.awaitBlock(Blocks::isMessage, SOON).id()).isEqualTo(id);
			assertRefused(stream(this.node, ticket));
			assertRefused(stream(Cluster.second(), ticket).query("client", "thief"));
			assertThat(stream.end()).as("the thief ends nothing").isNull();
			Answer explained = stream(this.node, ticket).query("explain", "1").fetch();
			assertThat(explained.status()).isEqualTo(200);
			assertThat(explained.text()).contains("event: push.refused", "\"status\":401");
		}
		assertThat(this.node.meter("fanfare.tickets.refused", "reason", "spent")).isPositive();
		assertThat(this.node.meter("fanfare.refusals", "reason", "ticket-spent")).isPositive();
		assertThat(output.getAll()).doesNotContain(ticket);
	}

	@Test
	void aCallForATicketIsCheckedAsAStreamIs() {
		String token = Tokens.token(newUser());
		SseRequest preflight = this.node.request("/events/ticket")
			.method("OPTIONS")
			.header("Origin", "https://app.example")
			.header("Access-Control-Request-Method", "POST")
			.header("Access-Control-Request-Headers", "authorization");
		Answer allowed = preflight.fetch();
		assertThat(allowed.status()).isEqualTo(204);
		assertThat(allowed.header("Access-Control-Allow-Headers")).contains("Authorization");
		assertThat(this.node.request("/events/ticket").fetch().status()).isEqualTo(405);
		assertThat(call(this.node, token).without("Authorization").fetch().status()).isEqualTo(401);
		assertThat(call(this.node, token + "x").fetch().status()).isEqualTo(401);
		assertThat(call(this.node, token).without("Authorization")
			.header("Cookie", "__Host-fanfare=" + token)
			.fetch()
			.status()).isEqualTo(401);
		Answer two = call(this.node, token).header("Cookie", "__Host-fanfare=" + token).fetch();
		assertThat(two.status()).as("a token twice").isEqualTo(400);
		assertThat(two.text()).contains("Authorization, Cookie", "one credential");
		assertThat(call(this.node, token).body("application/json", "{}").fetch().status()).isEqualTo(400);
		assertThat(this.node.request("/events/ticket")
			.method("POST")
			.query("access_token", token)
			.bearer(token)
			.header("Content-Length", "0")
			.fetch()
			.status()).isEqualTo(400);
		String many = Tokens.token(newUser(), IntStream.range(0, 101).mapToObj((i) -> "t" + i).toArray(String[]::new));
		Answer large = call(this.node, many).fetch();
		assertThat(large.status()).isEqualTo(400);
		assertThat(large.text()).contains("more than 100 channels");
	}

	@Test
	void theEleventhTicketIsRefusedUntilOneIsSpent() {
		String user = newUser();
		String token = Tokens.token(user);
		String first = ticket(this.node, token);
		for (int i = 1; i < 10; i++) {
			ticket(this.node, user, Duration.ofHours(1));
		}
		Answer refused = call(this.node, token).fetch();
		assertThat(refused.status()).isEqualTo(429);
		assertThat(json(refused).get("type").stringValue()).endsWith("#quota-exceeded");
		assertThat(refused.header("RateLimit-Policy")).isEqualTo("\"tickets\";q=10;w=30");
		assertThat(refused.header("RateLimit")).matches("\"tickets\";r=0;t=[0-9]+");
		opened(stream(this.node, first)).close();
		ticket(this.node, token);
	}

	// ---- on a stream

	@Test
	void aTicketIsTheOnlyCredential() {
		String user = newUser();
		String ticket = ticket(this.node, user, Duration.ofHours(1));
		assertThat(stream(this.node, ticket).bearer(Tokens.token(user)).fetch().status()).isEqualTo(400);
		assertThat(stream(this.node, ticket).query("access_token", Tokens.token(user)).fetch().status()).isEqualTo(400);
		assertThat(stream(this.node, ticket).header("Cookie", "fanfare=x").fetch().status()).isEqualTo(400);
		assertThat(stream(this.node, ticket).query("ticket", ticket).fetch().status()).isEqualTo(400);
		assertRefused(stream(this.node, "x"));
		assertRefused(stream(this.node, ticket.substring(1) + "A"));
		assertRefused(stream(this.node, ticket(this.node, user, Duration.ofMillis(1))));
		opened(stream(this.node, ticket)).close();
	}

	/** Both have read it before either spends it. */
	@Test
	void ofTwoThatRaceOneGetsAStream() {
		for (int i = 0; i < 10; i++) {
			String ticket = ticket(this.node, newUser(), Duration.ofHours(1));
			List<SseClient> raced = new ArrayList<>();
			for (TestNode node : List.of(this.node, Cluster.second(), this.node, Cluster.second())) {
				raced.add(stream(node, ticket).open());
			}
			assertThat(raced).extracting(SseClient::status).containsExactlyInAnyOrder(200, 401, 401, 401);
			raced.forEach(SseClient::close);
		}
	}

	/** nginx says which of its requests it sends to the next node. */
	@Test
	void theSameAttemptOfATrustedProxyGetsTheSameAnswerAtAnotherNode() {
		String ticket = ticket(this.node, newUser(), Duration.ofHours(1));
		try (SseClient first = opened(
				stream(this.node, ticket).query("client", "page").header("Fanfare-Attempt", "a1"))) {
			try (SseClient second = opened(
					stream(Cluster.second(), ticket).query("client", "page").header("Fanfare-Attempt", "a1"))) {
				first.awaitEnd(SOON);
				assertRefused(stream(this.node, ticket).header("Fanfare-Attempt", "a2"));
				assertThat(second.end()).isNull();
			}
		}
		try (TestNode trusting = TestNode.start(Cluster.redis(), "trusts-nobody",
				"--fanfare.trusted-proxies=10.0.0.1")) {
			String other = ticket(this.node, newUser(), Duration.ofHours(1));
			opened(stream(trusting, other).header("Fanfare-Attempt", "a1")).close();
			assertRefused(stream(trusting, other).header("Fanfare-Attempt", "a1"));
		}
	}

	@Test
	void aFullNodeSpendsATicketOnlyForThoseThatWait() {
		try (TestNode small = TestNode.start(Cluster.redis(), "small", "--fanfare.connections.max=1",
				"--fanfare.admission.waiting-room=1")) {
			SseClient holder = small.open(newUser());
			String user = newUser();
			String ticket = ticket(small, user, Duration.ofHours(1));
			assertThat(stream(small, ticket).header("Fanfare-Next-Upstream", "404").fetch().status()).isEqualTo(404);
			assertThat(stream(small, ticket).header("Fanfare-Next-Upstream", "1").fetch().status()).isEqualTo(503);
			SseClient waiter = stream(small, ticket).query("client", "page").open();
			assertThat(waiter.nextBlock(SOON).type()).isEqualTo("push.waiting");
			assertRefused(stream(small, ticket));
			assertRefused(stream(this.node, ticket));
			String late = ticket(small, newUser(), Duration.ofHours(1));
			assertThat(stream(small, late).open().nextBlock(SOON).type()).as("no room to wait").isEqualTo("push.busy");
			assertThat(small.bean(Tickets.class).find(late, "").join()).isInstanceOf(TicketState.Valid.class);
			// It may wait for longer than its ticket is kept.
			Cluster.redis().ask((redis) -> redis.del("fanfare:{0}:ticket:" + Tickets.digest(ticket)));
			holder.close();
			SseBlock begun = waiter.awaitBlock((block) -> block.fires("push.connected"), SOON);
			assertThat(Blocks.json(begun).get("user").stringValue()).isEqualTo(user);
			waiter.close();
		}
	}

	@Test
	void aRestartOfRedisLosesTicketsOnlyWhereItLosesData() {
		try (RedisProcess redis = TestRedis.start();
				TestNode node = TestNode.start(redis, "restarted", "--fanfare.redis.durable=true")) {
			String user = newUser();
			String token = Tokens.token(user);
			String kept = ticket(node, token);
			String spent = ticket(node, token);
			opened(stream(node, spent)).close();
			redis.save();
			redis.kill();
			await().atMost(SOON).until(() -> stream(node, kept).query("strict", "1").fetch().status() == 503);
			Answer away = call(node, token).fetch();
			assertThat(away.status()).isEqualTo(503);
			assertThat(away.header("Retry-After")).isEqualTo("2");
			assertThat(stream(node, kept).open().nextBlock(SOON).data()).contains("redis-unavailable");
			redis.start();
			await().atMost(SOON).until(() -> node.bean(NodeHealth.class).isReady());
			assertRefused(stream(node, spent));
			opened(stream(node, kept)).close();
			String lost = ticket(node, token);
			redis.ask((commands) -> commands.flushall());
			assertRefused(stream(node, lost));
		}
	}

}
