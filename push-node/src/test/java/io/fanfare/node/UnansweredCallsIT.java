package io.fanfare.node;

import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseClient;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A node whose Redis stands still for a moment. */
@ExtendWith(OutputCaptureExtension.class)
class UnansweredCallsIT {

	private static final ChannelName ALICE = ChannelName.user("alice");

	@Test
	void callsThatAreNotAnsweredAreCountedAndLoggedAndNobodyMissesAnything(CapturedOutput log) {
		try (RedisProcess redis = TestRedis.start();
				TestNode node = TestNode.start(redis, "a", "--fanfare.redis.renew-interval=500ms",
						"--fanfare.redis.command-timeout=300ms");
				SseClient alice = node.open("alice")) {
			SseClient bob = node.open("bob");
			redis.freeze();
			bob.close();
			try (SseClient carol = node.stream("carol").open()) {
				for (String call : List.of("renew", "release", "claim")) {
					await().atMost(TestNode.SOON).until(() -> unanswered(node, call) > 0);
				}
				redis.thaw();
				assertThat(carol.awaitBlock((block) -> block.fires("push.connected"), TestNode.SOON)).isNotNull();
				await().atMost(TestNode.SOON).until(() -> log.getOut().contains("redis=answers-again failed-calls="));
				assertThat(log.getOut()).contains("redis=unanswered call=", "redis=unanswered what=");
				String scraped = node.bean(PrometheusMeterRegistry.class).scrape();
				assertThat(scraped)
					.containsPattern("fanfare_redis_unanswered_total\\{[^}]*call=\"renew-users\"[^}]*} [1-9]")
					.containsPattern("fanfare_loop_calls_failed_total\\{[^}]*call=\"renew\"[^}]*} [1-9]");
				assertThat(scraped.lines()
					.filter((line) -> line.startsWith("fanfare_redis_unanswered_total") && !line.contains("call=\"")))
					.as("counted a second time")
					.isEmpty();
				try (Backend backend = new Backend(redis)) {
					backend.publish(ALICE, "after");
					alice.awaitBlock((block) -> "after".equals(block.data()), TestNode.SOON);
					await().atMost(TestNode.SOON).until(() -> backend.owner("bob") == null);
				}
			}
		}
	}

	private static double unanswered(TestNode node, String call) {
		return node.meter("fanfare.loop.calls.failed", "call", call);
	}

}
