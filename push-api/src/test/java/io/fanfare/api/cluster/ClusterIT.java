package io.fanfare.api.cluster;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

import io.fanfare.api.TestApi;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.TestRedis;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class ClusterIT {

	private final TestApi api = TestApi.shared();

	private final Nodes nodes = this.api.bean(Nodes.class);

	@Test
	void nodesAreListedByName() {
		put("node-2", 0, 5);
		put("node-1", 1_000, 7);
		JsonNode nodes = this.api.get("/v1/nodes").json().get("nodes");
		assertThat(nodes.size()).isEqualTo(2);
		assertThat(nodes.get(0).get("name").stringValue()).isEqualTo("node-1");
		assertThat(nodes.get(0).get("state").stringValue()).isEqualTo("up");
		assertThat(nodes.get(0).get("active").intValue()).isEqualTo(7);
		assertThat(nodes.get(0).get("available").intValue()).isEqualTo(93);
		assertThat(nodes.get(0).get("limit").intValue()).isEqualTo(100);
	}

	@Test
	void aNodeNotHeardOfIsGoneAndThenForgotten() {
		put("node-1", 20_000, 7);
		put("node-2", 61_000, 7);
		JsonNode nodes = this.api.get("/v1/nodes").json().get("nodes");
		assertThat(nodes.size()).isEqualTo(1);
		assertThat(nodes.get(0).get("state").stringValue()).isEqualTo("gone");
		assertThat(nodes.get(0).get("active").intValue()).isZero();
		assertThat(this.nodes.list().join().states()).containsOnlyKeys("node-1.abcdefgh");
	}

	@Test
	void whatNoNodeSaidIsLeftOut() {
		for (String said : List.of("", "no json", "null", "[]", "{\"updatedAt\":8999999999999}")) {
			this.nodes.put("node-9." + said, said.getBytes(StandardCharsets.UTF_8)).join();
		}
		put("node-1", 0, 1);
		assertThat(this.api.get("/v1/nodes").json().get("nodes").size()).isEqualTo(1);
	}

	@Test
	void statsAreSumsOverTheNodesThatAreThere() {
		put("node-1", 0, 7);
		put("node-2", 0, 5);
		put("node-3", 20_000, 100);
		JsonNode stats = this.api.get("/v1/stats").json();
		assertThat(stats.get("nodes").intValue()).isEqualTo(2);
		assertThat(stats.at("/connections/active").intValue()).isEqualTo(12);
		assertThat(stats.at("/connections/total").intValue()).isEqualTo(40);
		assertThat(stats.at("/connections/averageDurationSeconds").doubleValue()).isEqualTo(2.5);
		assertThat(stats.get("messagesSent").intValue()).isEqualTo(2000);
		assertThat(stats.get("kicks").intValue()).isEqualTo(6);
		assertThat(stats.get("timestamp").stringValue()).endsWith("Z");
	}

	@Test
	void aNodeWhoseClockIsWrongIsThere() {
		put("node-1", 0, 7);
		for (long ahead : new long[] { -3_600_000, 3_600_000 }) {
			long now = System.currentTimeMillis();
			NodeStatus status = status("node-1", now + ahead, 7);
			this.nodes.put(status.node(), TestApi.JSON.writeValueAsBytes(status)).join();
			JsonNode node = this.api.get("/v1/nodes").json().at("/nodes/0");
			assertThat(node.get("state").stringValue()).isEqualTo("up");
			assertThat(Instant.parse(node.get("updatedAt").stringValue()).toEpochMilli()).isCloseTo(now,
					Offset.offset(5_000L));
		}
	}

	/** As it is written once some time has passed. */
	private void put(String name, long silence, int active) {
		NodeStatus status = status(name, System.currentTimeMillis() - silence, active);
		TestRedis.shared()
			.ask((redis) -> redis.hset("fanfare:nodes", status.node(), TestApi.JSON.writeValueAsString(status)));
	}

	private static NodeStatus status(String name, long updatedAt, int active) {
		return new NodeStatus(name + ".abcdefgh", name, "1", "up", updatedAt - 100_000, updatedAt, 100, active, 0, 9,
				20, 10, 25_000, 1000, 1, 2, 3, null, null, null, null);
	}

}
