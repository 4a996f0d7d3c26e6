package io.fanfare.redis.presence;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.Silent;
import io.fanfare.redis.presence.Presence.Slice;
import io.fanfare.redis.presence.Presence.Suspect;

/**
 * The walk of {@link Presence} over its hash, slice by slice, by {@code reap-presence}.
 * Any thread may call.
 */
final class PresenceWalk {

	private final CommandLink link;

	private final RedisKeys keys;

	PresenceWalk(CommandLink link, RedisKeys keys) {
		this.link = link;
		this.keys = keys;
	}

	/** Walks one slice; see {@link Presence#reap}. */
	CompletableFuture<Slice> reap(String node, String cursor, int count, List<Suspect> suspects) {
		List<byte[]> arguments = new ArrayList<>(4 + suspects.size() * 3);
		arguments.addAll(List.of(this.keys.keyPrefix(), Presence.bytes(cursor), Presence.bytes(Integer.toString(count)),
				Presence.bytes(node)));
		for (Suspect suspect : suspects) {
			arguments.add(Presence.bytes(suspect.silent().node()));
			arguments.add(Presence.bytes(suspect.silent().value()));
			arguments.add(Presence.bytes(suspect.verdict().name().toLowerCase(Locale.ROOT)));
		}
		byte[][] given = arguments.toArray(byte[][]::new);
		return this.link
			.<List<Object>>run(Script.REAP_PRESENCE, new byte[][] { this.keys.presence(), this.keys.renewals() },
					(run) -> given)
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				String next = reply.text();
				long removed = reply.number();
				long unreadable = reply.number();
				List<Silent> silent = new ArrayList<>();
				for (long left = reply.number(); left > 0; left--) {
					silent.add(new Silent(reply.text(), reply.text()));
				}
				List<Field> own = new ArrayList<>(reply.remaining() / 3);
				while (reply.hasNext()) {
					own.add(new Field(reply.text(), reply.text(), reply.id()));
				}
				return new Slice(next, removed, unreadable, silent, own);
			});
	}

}
