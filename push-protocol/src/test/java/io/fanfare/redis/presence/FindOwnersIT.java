package io.fanfare.redis.presence;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.presence.Presence.Owner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static org.assertj.core.api.Assertions.assertThat;

class FindOwnersIT {

	private static final Pattern CALLS = Pattern.compile("cmdstat_(hmget|mget):calls=(\\d++)");

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void theOwnersOfManyUsersAreThoseWhoseNodesHaveALease() {
		List<String> users = IntStream.range(0, 2 * Owners.STEP + 1).mapToObj((i) -> "user " + i).toList();
		for (int i = 0; i < users.size(); i += 3) {
			this.partition.owner(users.get(i), "alive", "c" + i, 5, "page");
		}
		for (int i = 1; i < users.size(); i += 3) {
			this.partition.owner(users.get(i), "dead", "c" + i, 5, "page");
		}
		this.partition.redis().hset(PRESENCE, users.get(3), "junk");
		this.partition.redis().set(PREFIX + "lease:alive", "1");
		int hashReads = calls("hmget");
		int leaseReads = calls("mget");
		Map<String, Owner> owners = presence().find(users).join();
		assertThat(owners.keySet()).containsExactlyInAnyOrderElementsOf(
				IntStream.range(0, users.size()).filter((i) -> i % 3 == 0 && i != 3).mapToObj(users::get).toList());
		assertThat(owners).allSatisfy((user, owner) -> {
			assertThat(owner.node()).isEqualTo("alive");
			assertThat(owner).isEqualTo(presence().find(user).join());
		});
		assertThat(calls("hmget") - hashReads).isEqualTo(3);
		assertThat(calls("mget") - leaseReads).isEqualTo(3);
	}

	@Test
	void usersOfWhomNothingIsKnownHaveNone() {
		assertThat(presence().find(List.of("alice", "bob")).join()).isEmpty();
		assertThat(presence().find(List.of()).join()).isEmpty();
	}

	private Presence presence() {
		return new Presence(this.partition.link(), this.partition.keys, Presence.Times.DEFAULT);
	}

	private int calls(String command) {
		Matcher stats = CALLS.matcher(this.partition.redis().info("commandstats"));
		int calls = 0;
		while (stats.find()) {
			calls += stats.group(1).equals(command) ? Integer.parseInt(stats.group(2)) : 0;
		}
		return calls;
	}

}
