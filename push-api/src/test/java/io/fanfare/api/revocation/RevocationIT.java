package io.fanfare.api.revocation;

import java.time.Duration;
import java.time.Instant;

import io.fanfare.api.NodeVoice;
import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallName;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.redis.revocation.Revocation;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

@ExtendWith(RedisExtension.class)
class RevocationIT {

	private static final String PATH = "/v1/revocations";

	private static final long NOW = Instant.now().getEpochSecond();

	/**
	 * Its own: what it stores is written back when Redis is emptied for the next test.
	 */
	@AutoClose
	private static TestApi started;

	private final TestApi api = started;

	@BeforeAll
	static void start() {
		started = TestApi.start(TestRedis.shared());
	}

	private static ClaimResult claim(TestApi api, String user, String token, long issued) {
		return api.bean(Presence.class)
			.claim("node-1.abcdefgh",
					new Claim(user, "node-1.c-" + user, "page", Tier.NORMAL, "", MessageId.ZERO,
							IssuedToken.of(token, issued)))
			.join();
	}

	private Answer delete(String query) {
		return this.api.send("DELETE", PATH + query, null, "Authorization", "Bearer " + TestApi.KEY);
	}

	@Test
	void aUserIsStoredAndThenEveryNodeIsAsked() {
		try (NodeVoice one = new NodeVoice(this.api, TestRedis.shared(), "node-1").answering(CallName.REVOKE,
				"{\"connections\":2}");
				NodeVoice two = new NodeVoice(this.api, TestRedis.shared(), "node-2").refusing(CallName.REVOKE,
						CallAnswer.Refused.UNKNOWN_CALL)) {
			Answer answer = this.api.post(PATH, "{\"user\":\"alice\",\"reason\":\"stolen phone\"}");
			assertThat(answer.status()).isEqualTo(200);
			JsonNode told = answer.json();
			assertThat(told.get("user").asString()).isEqualTo("alice");
			assertThat(told.get("reason").asString()).isEqualTo("stolen phone");
			assertThat(told.get("connections").intValue()).isEqualTo(2);
			assertThat(told.get("nodes")).hasSize(1);
			assertThat(told.get("unanswered")).hasSize(1);
			assertThat(told.get("unanswered").get(0).asString()).isEqualTo("node-2.abcdefgh");
			Instant before = Instant.parse(told.get("issuedBefore").asString());
			Instant validFrom = Instant.parse(told.get("validFrom").asString());
			assertThat(validFrom).isEqualTo(Instant.ofEpochSecond(before.getEpochSecond() + 1));
			JsonNode asked = one.asked();
			assertThat(asked.get("user").asString()).isEqualTo("alice");
			assertThat(asked.get("issuedBeforeMs").asLong()).isEqualTo(before.toEpochMilli());
			assertThat(two.asked()).isNotNull();
			assertThat(claim(this.api, "alice", "t", before.getEpochSecond())).isInstanceOf(ClaimResult.Revoked.class);
			assertThat(claim(this.api, "alice", "t", validFrom.getEpochSecond())).isInstanceOf(ClaimResult.Owner.class);
		}
	}

	@Test
	void aTokenIsNamedByItsHashOnlyBeyondTheApi() {
		try (NodeVoice node = new NodeVoice(this.api, TestRedis.shared(), "node-1").answering(CallName.REVOKE,
				"{\"connections\":0}")) {
			Answer answer = this.api.post(PATH, "{\"jti\":\"t-1\"}");
			assertThat(answer.status()).isEqualTo(200);
			assertThat(answer.json().get("jti").asString()).isEqualTo("t-1");
			assertThat(node.asked().get("token").asString()).isEqualTo(IssuedToken.hash("t-1"));
			assertThat(claim(this.api, "bob", "t-1", NOW - 60)).isInstanceOf(ClaimResult.Revoked.class);
			assertThat(claim(this.api, "bob", "t-2", NOW - 60)).isInstanceOf(ClaimResult.Owner.class);
			assertThat(this.api.get(PATH + "?jti=t-1").json().get("revocations").get(0).get("jti").asString())
				.isEqualTo("t-1");
			assertThat(delete("?jti=t-1").status()).isEqualTo(200);
			assertThat(delete("?jti=t-1").status()).isEqualTo(404);
			assertThat(claim(this.api, "carol", "t-1", NOW - 60)).isInstanceOf(ClaimResult.Owner.class);
		}
	}

	@Test
	void topicsOfAUserAreListedAndLiftedOneByOne() {
		this.api.post(PATH, "{\"user\":\"dave\",\"channel\":\"news\",\"issuedBefore\":5999}");
		this.api.post(PATH, "{\"user\":\"dave\",\"channel\":\"sport\",\"issuedBefore\":\"1970-01-01T00:00:07.5Z\"}");
		JsonNode listed = this.api.get(PATH + "?user=dave").json().get("revocations");
		assertThat(listed.findValuesAsString("channel")).containsExactly("news", "sport");
		assertThat(listed.findValuesAsString("validFrom")).containsExactly("1970-01-01T00:00:06Z",
				"1970-01-01T00:00:08Z");
		assertThat(delete("?user=dave").status()).isEqualTo(404);
		assertThat(delete("?user=dave&channel=news").status()).isEqualTo(200);
		assertThat(this.api.get(PATH + "?user=dave").json().get("revocations").findValuesAsString("channel"))
			.containsExactly("sport");
	}

	@Test
	void aUserHasSoManyRevokedTopics() {
		long now = System.currentTimeMillis();
		TestRedis.shared().ask((redis) -> {
			for (int i = 0; i < Revocation.MAX_TOPICS; i++) {
				redis.hset("fanfare:{0}:revoked:erin", "ch:t" + i, "1000 0 " + now + " x");
			}
			return null;
		});
		Answer answer = this.api.post(PATH, "{\"user\":\"erin\",\"channel\":\"news\"}");
		assertThat(answer.status()).isEqualTo(422);
		assertThat(answer.problem()).isEqualTo("too-many-revocations");
		assertThat(this.api.post(PATH, "{\"user\":\"erin\"}").status()).isEqualTo(200);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "{} | #", "{\"user\":\"a\",\"jti\":\"b\"} | #", "{\"channel\":\"news\"} | #",
			"{\"jti\":\"b\",\"channel\":\"news\"} | #/channel", "{\"user\":\"a\",\"channel\":\"all\"} | #/channel",
			"{\"user\":\"a\",\"channel\":\"user:a\"} | #/channel", "{\"user\":1} | #/user", "{\"jti\":[]} | #/jti",
			"{\"user\":\"a\",\"issuedBefore\":\"soon\"} | #/issuedBefore",
			"{\"user\":\"a\",\"issuedBefore\":-1} | #/issuedBefore",
			"{\"user\":\"a\",\"issuedBefore\":1.5} | #/issuedBefore",
			"{\"user\":\"a\",\"issuedBefore\":99999999999999999999} | #/issuedBefore",
			"{\"user\":\"a\",\"issuedBefore\":\"2999-01-01T00:00:00Z\"} | #/issuedBefore",
			"{\"user\":\"a\",\"reason\":\"a\\u0007\"} | #/reason", "{\"user\":\"a\",\"why\":1} | #/why" })
	void whatDoesNotFitIsNamed(String body, String pointer) {
		Answer answer = this.api.post(PATH, body);
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.json().get("errors").findValuesAsString("pointer")).contains(pointer);
	}

	@ParameterizedTest
	@CsvSource({ "'',user", "?user=a&jti=b,jti", "?channel=news,user", "?jti=b&channel=news,channel",
			"?user=a&channel=all,channel", "?user=%00,user" })
	void aQueryThatDoesNotFitIsNamed(String query, String parameter) {
		Answer answer = delete(query);
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.json().get("errors").findValuesAsString("parameter")).contains(parameter);
	}

	@Test
	void itNeedsAdmin() {
		assertThat(this.api.postAs(TestApi.READ_KEY, PATH, "{\"user\":\"a\"}").status()).isEqualTo(403);
		assertThat(this.api.send("GET", PATH + "?user=a", null, "Authorization", "Bearer " + TestApi.READ_KEY).status())
			.isEqualTo(403);
	}

	@Test
	void afterADataLossWhatWasStoredIsWrittenBackAndWhatWasLiftedIsNot() throws Exception {
		try (RedisProcess redis = TestRedis.start(); TestApi own = TestApi.start(redis)) {
			for (String body : new String[] { "{\"user\":\"alice\"}", "{\"jti\":\"t-1\"}",
					"{\"user\":\"bob\",\"channel\":\"news\"}", "{\"user\":\"carol\"}" }) {
				assertThat(own.post(PATH, body).status()).isEqualTo(200);
			}
			own.send("DELETE", PATH + "?user=carol", null, "Authorization", "Bearer " + TestApi.KEY);
			redis.restart(RedisProcess.Data.LOST);
			await().atMost(Duration.ofSeconds(20))
				.ignoreExceptions()
				.until(() -> claim(own, "bob", "t-1", NOW - 60) instanceof ClaimResult.Revoked);
			await().atMost(Duration.ofSeconds(20))
				.until(() -> claim(own, "alice", "t-2", NOW - 60) instanceof ClaimResult.Revoked);
			await().atMost(Duration.ofSeconds(20))
				.untilAsserted(
						() -> assertThat(((ClaimResult.Owner) claim(own, "bob", "t-3", NOW - 60)).revokedTopics())
							.containsKey("news"));
			assertThat(claim(own, "carol", "t-4", NOW - 60)).isInstanceOf(ClaimResult.Owner.class);
		}
	}

	@Test
	void whatOneProcessLiftedNoOtherWritesBackAndALossUnderALivingConnectionIsNoticed() throws Exception {
		try (RedisProcess redis = TestRedis.start();
				TestApi own = TestApi.start(redis);
				TestApi other = TestApi.start(redis)) {
			assertThat(own.post(PATH, "{\"user\":\"alice\"}").status()).isEqualTo(200);
			assertThat(own.post(PATH, "{\"user\":\"bob\"}").status()).isEqualTo(200);
			assertThat(
					other.send("DELETE", PATH + "?user=alice", null, "Authorization", "Bearer " + TestApi.KEY).status())
				.isEqualTo(200);
			redis.restart(RedisProcess.Data.KEPT);
			await().atMost(Duration.ofSeconds(20)).until(() -> remembered(own) == 1);
			assertThat(claim(own, "alice", "t-1", NOW - 60)).isInstanceOf(ClaimResult.Owner.class);
			assertThat(claim(own, "bob", "t-1", NOW - 60)).isInstanceOf(ClaimResult.Revoked.class);
			assertThat(redis.<Long>ask((commands) -> commands.xlen("fanfare:{0}:revocations"))).isEqualTo(2);
			redis.ask((commands) -> commands.flushall());
			await().atMost(Duration.ofSeconds(20))
				.until(() -> claim(own, "bob", "t-1", NOW - 60) instanceof ClaimResult.Revoked);
			assertThat(own.send("DELETE", PATH + "?user=bob", null, "Authorization", "Bearer " + TestApi.KEY).status())
				.isEqualTo(200);
			assertThat(remembered(own)).isZero();
			try (NodeVoice node = new NodeVoice(own, redis, "node-1").answering(CallName.REVOKE,
					"{\"connections\":1}")) {
				for (int i = 0; i < 2; i++) {
					Answer answer = own.post(PATH, "{\"jti\":\"t-9\"}");
					assertThat(answer.json().get("nodes").findValuesAsString("node"))
						.containsExactly("node-1.abcdefgh");
					assertThat(node.asked()).isNotNull();
					redis.ask((commands) -> commands.flushall());
				}
			}
		}
	}

	private static double remembered(TestApi api) {
		return api.bean(MeterRegistry.class).get("fanfare.revocations.remembered").gauge().value();
	}

}
