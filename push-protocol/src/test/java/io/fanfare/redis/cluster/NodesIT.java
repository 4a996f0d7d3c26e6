package io.fanfare.redis.cluster;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;

import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.RedisPartition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.CLOCK;
import static io.fanfare.redis.RedisPartition.SINCE;
import static io.fanfare.redis.RedisPartition.bytes;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

class NodesIT {

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void aProbeTakesAnIdAndReachesTheNodeAndNoOther() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		RedisPartition.Ear other = this.partition.listen("node:b");
		long first = get(this.partition.nodes().probe("a", "n-1"));
		long second = get(this.partition.nodes().probe("a", "n 2"));
		assertThat(ear.next()).isEqualTo(new Frame.Probe(first, "n-1"));
		assertThat(ear.next()).isEqualTo(new Frame.Probe(second, "n 2"));
		assertThat(second).isGreaterThan(first);
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(MessageId.format(second));
		other.heardNoMore("node:b");
	}

	@Test
	void aProbeNoticesARollBack() {
		long seen = MessageId.of(System.currentTimeMillis() + 60_000, 0);
		this.partition.link().observe(seen);
		assertThat(get(this.partition.nodes().probe("a", "n"))).isEqualTo(seen + 2);
		assertThat(this.partition.redis().get(SINCE)).isEqualTo(MessageId.format(seen + 1));
	}

	@Test
	void nodesTellOfThemselvesAndAreForgotten() {
		get(this.partition.nodes().put("a", bytes("{\"a\":1}")));
		get(this.partition.nodes().put("b", bytes("{}")));
		get(this.partition.nodes().put("a", bytes("{\"a\":2}")));
		Map<String, byte[]> nodes = get(this.partition.nodes().list()).states();
		assertThat(nodes).containsOnlyKeys("a", "b");
		assertThat(nodes.get("a")).isEqualTo(bytes("{\"a\":2}"));
		get(this.partition.nodes().remove("a"));
		get(this.partition.nodes().remove("never"));
		assertThat(get(this.partition.nodes().list()).states()).containsOnlyKeys("b");
	}

	@Test
	void whenANodeToldOfItselfIsRedissTime() {
		get(this.partition.nodes().put("a", bytes("{\"name\":\"a\",\"updatedAt\":5,\"active\":1}")));
		Nodes.NodeStates told = get(this.partition.nodes().list());
		String state = new String(told.states().get("a"), StandardCharsets.UTF_8);
		assertThat(state).matches("\\{\"name\":\"a\",\"updatedAt\":[0-9]{13},\"active\":1}");
		long at = Long.parseLong(state.replaceAll(".*\"updatedAt\":([0-9]+).*", "$1"));
		assertThat(told.nowMs()).isBetween(at, at + 10_000);
	}

	@Test
	void anOrderToCloseTellsWhetherANodeHeardIt() {
		assertThat(get(this.partition.nodes().send("a", new Frame.Close("a.c1")))).isFalse();
		RedisPartition.Ear ear = this.partition.listen("node:a");
		assertThat(get(this.partition.nodes().send("a", new Frame.Close("a.c1")))).isTrue();
		assertThat(ear.next()).isEqualTo(new Frame.Close("a.c1"));
	}

	@Test
	void oneDrainRunsAtATimeAndTheLastIsRemembered() {
		Nodes nodes = this.partition.nodes();
		Duration life = Duration.ofMinutes(1);
		assertThat(get(nodes.rollout())).isNull();
		assertThat(get(nodes.beginRollout("a", bytes("1"), life))).isTrue();
		assertThat(get(nodes.beginRollout("b", bytes("2"), life))).isFalse();
		assertThat(get(nodes.putRollout("a", bytes("1, still"), life))).isTrue();
		assertThat(get(nodes.rollout())).isEqualTo(bytes("1, still"));
		assertThat(get(nodes.endRollout("a", bytes("1, done"), life))).isTrue();
		assertThat(get(nodes.rollout())).isEqualTo(bytes("1, done"));
		assertThat(get(nodes.beginRollout("b", bytes("2"), life))).isTrue();
		assertThat(get(nodes.beginRollout("c", bytes("3"), life))).isFalse();
		assertThat(get(nodes.rollout())).isEqualTo(bytes("2"));
	}

	@Test
	void aLeaderThatWasPausedForLongerThanItsLifeChangesNothingMore() {
		Nodes nodes = this.partition.nodes();
		Duration life = Duration.ofMinutes(1);
		RedisPartition.Ear ear = this.partition.listen("node:n");
		NodeCalls.Order order = new NodeCalls.Order(this.partition.keys.nodeChannel("n"),
				new Frame.Close("n.c1").encode());
		assertThat(get(nodes.beginRollout("paused", bytes("1"), Duration.ofMillis(50)))).isTrue();
		Awaitility.await().until(() -> get(nodes.beginRollout("next", bytes("2"), life)));
		assertThat(get(nodes.putRollout("paused", bytes("1, still"), life))).isFalse();
		assertThat(nodes.orderRollout("paused", bytes("1, on"), life, order)).failsWithin(RedisPartition.TIMEOUT)
			.withThrowableOfType(ExecutionException.class)
			.withCauseInstanceOf(LeadLostException.class);
		assertThat(get(nodes.endRollout("paused", bytes("1, done"), life))).isFalse();
		assertThat(get(nodes.rollout())).isEqualTo(bytes("2"));
		ear.heardNoMore("node:n");
		assertThat(get(nodes.orderRollout("next", bytes("2, on"), life, order))).isEqualTo(1);
		assertThat(ear.next()).isEqualTo(new Frame.Close("n.c1"));
		assertThat(get(nodes.rollout())).isEqualTo(bytes("2, on"));
	}

	@Test
	void aDrainThatAnEarlierVersionLeadsIsNotLedByAnother() {
		this.partition.redis().set("fanfare:drain", "1");
		assertThat(get(this.partition.nodes().beginRollout("a", bytes("2"), Duration.ofMinutes(1)))).isFalse();
		assertThat(get(this.partition.nodes().putRollout("a", bytes("2"), Duration.ofMinutes(1)))).isFalse();
	}

}
