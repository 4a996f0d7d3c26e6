package io.fanfare.api.publish;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.fanfare.api.auth.Caller;

import org.springframework.stereotype.Component;

/**
 * The idempotency keys of requests that run in this process. One script decides what a
 * key came to, so a request that runs elsewhere is simply waited for by Redis; this only
 * tells a caller that it sends the same twice at once.
 */
@Component
final class RunningKeys {

	private final Set<Key> running = ConcurrentHashMap.newKeySet();

	private record Key(String caller, String key) {

	}

	/**
	 * Notes that a request runs.
	 * @param caller who sent it
	 * @param key its key
	 * @return whether none with that key did
	 */
	boolean start(Caller caller, String key) {
		return this.running.add(new Key(caller.id(), key));
	}

	void end(Caller caller, String key) {
		this.running.remove(new Key(caller.id(), key));
	}

}
