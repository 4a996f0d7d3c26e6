package io.fanfare.api.publish;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.fanfare.redis.history.Publisher;

import org.springframework.stereotype.Component;

/**
 * The idempotency keys of requests that run in this process. One script decides what a
 * key came to, so a request in another process needs no lock here; this only reports to a
 * client that it sends the same twice at once.
 */
@Component
final class RunningKeys {

	private final Set<Key> running = ConcurrentHashMap.newKeySet();

	private record Key(String caller, String key) {

		private static Key of(Publisher.Idempotency idempotency) {
			return new Key(idempotency.apiKey(), idempotency.key());
		}

	}

	/**
	 * Notes that a request runs.
	 * @param idempotency its key, and whose
	 * @return whether none with that key did
	 */
	boolean start(Publisher.Idempotency idempotency) {
		return this.running.add(Key.of(idempotency));
	}

	void end(Publisher.Idempotency idempotency) {
		this.running.remove(Key.of(idempotency));
	}

}
