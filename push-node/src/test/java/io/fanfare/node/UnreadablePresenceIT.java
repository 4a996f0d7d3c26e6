package io.fanfare.node;

import java.util.stream.Stream;

import io.fanfare.protocol.ChannelName;
import io.fanfare.test.sse.SseClient;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A presence field that is no owner: it keeps no user out, and the reaper removes it. */
class UnreadablePresenceIT {

	private final Backend backend = Cluster.backend();

	private final String user = newUser();

	@Test
	void itKeepsNobodyOutAndTheOlderStreamEnds() {
		this.backend.putPresenceField(this.user, "junk");
		try (SseClient older = opened(Cluster.first().stream(this.user).query("client", "older"))) {
			assertThat(this.backend.owner(this.user).connection()).isEqualTo(connection(older));
			this.backend.putPresenceField(this.user, "junk");
			try (SseClient newer = opened(Cluster.second().stream(this.user).query("client", "newer"))) {
				older.awaitBlock((block) -> block.fires("push.kicked"), SOON);
				assertThat(this.backend.owner(this.user).connection()).isEqualTo(connection(newer));
				String id = this.backend.publish(ChannelName.user(this.user), "for the newer");
				assertThat(newer.awaitBlock(Blocks::isMessage, SOON).id()).isEqualTo(id);
			}
		}
	}

	@Test
	void theReaperRemovesItAndCountsIt() {
		double before = counted();
		this.backend.putPresenceField(this.user, "junk");
		await().atMost(SOON).until(() -> this.backend.presenceField(this.user) == null);
		await().atMost(SOON).untilAsserted(() -> assertThat(counted()).isGreaterThan(before));
	}

	private static String connection(SseClient stream) {
		return Blocks.json(stream.blocks().getFirst()).get("connection").asString();
	}

	/** By both nodes: either may have removed it. */
	private static double counted() {
		return Stream.of(Cluster.first(), Cluster.second())
			.map((node) -> node.bean(PrometheusMeterRegistry.class)
				.find("fanfare.errors")
				.tag("where", "reaper")
				.counter())
			.mapToDouble((counter) -> (counter != null) ? counter.count() : 0)
			.sum();
	}

}
