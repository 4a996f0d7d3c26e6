package io.fanfare.redis.presence;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.lettuce.core.KeyValue;
import org.jspecify.annotations.Nullable;

/**
 * Finds the connections that own users. A user has an owner if the node of the presence
 * field has a lease.
 */
final class Owners {

	/** Users that one command asks for, so that Redis serves others in between. */
	static final int STEP = 128;

	private final CommandLink link;

	private final RedisKeys keys;

	Owners(CommandLink link, RedisKeys keys) {
		this.link = link;
		this.keys = keys;
	}

	CompletableFuture<Presence.@Nullable Owner> find(String user) {
		return this.link.call((commands) -> commands.hget(this.keys.presence(), Presence.bytes(user)))
			.thenCompose((value) -> {
				Presence.Owner owner = (value != null) ? parse(value) : null;
				if (owner == null) {
					return CompletableFuture.<Presence.@Nullable Owner>completedFuture(null);
				}
				return this.link.call((commands) -> commands.exists(this.keys.lease(owner.node()))).<Presence
					.@Nullable Owner>thenApply((alive) -> (alive == 1) ? owner : null);
			});
	}

	/** Finds those of many users, a step after the other. */
	CompletableFuture<Map<String, Presence.Owner>> find(List<String> users) {
		return step(users, 0, new HashMap<>());
	}

	private CompletableFuture<Map<String, Presence.Owner>> step(List<String> users, int from,
			Map<String, Presence.Owner> found) {
		if (from >= users.size()) {
			return CompletableFuture.completedFuture(found);
		}
		int to = Math.min(from + STEP, users.size());
		return fields(users.subList(from, to)).thenCompose(this::living).thenCompose((owners) -> {
			found.putAll(owners);
			return step(users, to, found);
		});
	}

	private CompletableFuture<Map<String, Presence.Owner>> fields(List<String> users) {
		byte[][] fields = users.stream().map(Presence::bytes).toArray(byte[][]::new);
		return this.link.call((commands) -> commands.hmget(this.keys.presence(), fields)).thenApply((values) -> {
			Map<String, Presence.Owner> owners = new HashMap<>();
			for (int i = 0; i < users.size(); i++) {
				KeyValue<byte[], byte[]> value = values.get(i);
				Presence.Owner owner = value.hasValue() ? parse(value.getValue()) : null;
				if (owner != null) {
					owners.put(users.get(i), owner);
				}
			}
			return owners;
		});
	}

	/** Leaves those whose node has a lease. */
	private CompletableFuture<Map<String, Presence.Owner>> living(Map<String, Presence.Owner> owners) {
		if (owners.isEmpty()) {
			return CompletableFuture.completedFuture(owners);
		}
		List<String> nodes = owners.values().stream().map(Presence.Owner::node).distinct().toList();
		byte[][] leases = nodes.stream().map(this.keys::lease).toArray(byte[][]::new);
		return this.link.call((commands) -> commands.mget(leases)).thenApply((values) -> {
			Set<String> living = new HashSet<>();
			for (int i = 0; i < nodes.size(); i++) {
				if (values.get(i).hasValue()) {
					living.add(nodes.get(i));
				}
			}
			owners.values().removeIf((owner) -> !living.contains(owner.node()));
			return owners;
		});
	}

	private static Presence.@Nullable Owner parse(byte[] value) {
		return Presence.Owner.parse(new String(value, StandardCharsets.UTF_8));
	}

}
