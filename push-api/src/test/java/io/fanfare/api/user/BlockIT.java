package io.fanfare.api.user;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.Range;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Users who are disconnected and may not return for a while. */
@ExtendWith(RedisExtension.class)
class BlockIT {

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

	private ClaimResult claim(String user) {
		return this.api.bean(Presence.class)
			.claim("node-1.abcdefgh",
					new Claim(user, "node-1.c-" + user, "page", Tier.NORMAL, "", MessageId.ZERO,
							IssuedToken.of("t", Instant.now().getEpochSecond() + 2)))
			.join();
	}

	@Test
	void aUserWhoIsBlockedIsRefusedWhateverTheToken() {
		assertThat(claim("alice")).isInstanceOf(ClaimResult.Owner.class);
		Answer answer = this.api.post("/v1/users/alice/disconnect",
				"{\"reason\":\"revoked\",\"block\":\"PT1H\",\"delay\":\"PT2S\",\"message\":\"See you\"}");
		assertThat(answer.status()).isEqualTo(202);
		assertThat(answer.json().get("connection").asString()).isEqualTo("node-1.c-alice");
		assertThat(claim("alice")).isInstanceOf(ClaimResult.Revoked.class);
		Answer found = this.api.get("/v1/revocations?user=alice");
		assertThat(Instant.parse(found.json().get("revocations").get(0).get("until").asString()))
			.isBetween(Instant.now().plus(Duration.ofMinutes(59)), Instant.now().plus(Duration.ofMinutes(61)));
		assertThat(this.api.send("DELETE", "/v1/revocations?user=alice", null, "Authorization", "Bearer " + TestApi.KEY)
			.status()).isEqualTo(200);
		assertThat(this.api.get("/v1/revocations?user=alice").json().get("revocations")).isEmpty();
	}

	@Test
	void manyUsersAreBlockedAtOnce() {
		assertThat(this.api.post("/v1/disconnect", "{\"users\":[\"bob\",\"carol\"],\"block\":\"PT1H\"}").status())
			.isEqualTo(202);
		assertThat(claim("bob")).isInstanceOf(ClaimResult.Revoked.class);
		assertThat(claim("carol")).isInstanceOf(ClaimResult.Revoked.class);
		assertThat(claim("dave")).isInstanceOf(ClaimResult.Owner.class);
		List<String> logged = TestRedis.shared()
			.ask((redis) -> redis.xrange("fanfare:{0}:revocations", Range.unbounded())
				.stream()
				.map((entry) -> entry.getBody().get("u"))
				.toList());
		assertThat(logged).contains("bob", "carol");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "{\"all\":true,\"block\":\"PT1H\"} | #/block",
			"{\"users\":[\"a\"],\"block\":\"PT0S\"} | #/block", "{\"users\":[\"a\"],\"block\":1} | #/block",
			"{\"users\":[\"a\"],\"block\":\"PT1H\",\"reason\":\"maintenance\"} | #/block",
			"{\"users\":[\"a\"],\"delay\":\"PT6M\"} | #/delay",
			"{\"users\":[\"a\"],\"mode\":\"now\",\"delay\":\"PT1S\"} | #/delay",
			"{\"users\":[\"a\"],\"message\":7} | #/message", "{\"users\":[\"a\"],\"message\":\"a\\nb\"} | #/message" })
	void whatDoesNotFitIsNamed(String body, String pointer) {
		Answer answer = this.api.post("/v1/disconnect", body);
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.json().get("errors").findValuesAsString("pointer")).contains(pointer);
	}

	@Test
	void aMessageHasAnEnd() {
		assertThat(
				this.api.post("/v1/disconnect", "{\"users\":[\"a\"],\"message\":\"" + "x".repeat(256) + "\"}").status())
			.isEqualTo(202);
		assertThat(
				this.api.post("/v1/disconnect", "{\"users\":[\"a\"],\"message\":\"" + "x".repeat(257) + "\"}").status())
			.isEqualTo(400);
	}

}
