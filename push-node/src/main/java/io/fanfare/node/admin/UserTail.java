package io.fanfare.node.admin;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who receives copies of what one user is sent, each for a while, and the streams that
 * are copied. Any thread may call; none waits.
 */
final class UserTail {

	/** Receiver to the time of the monotonic clock at which it ends. */
	private final Map<Receiver, Long> receivers = new ConcurrentHashMap<>();

	private final Set<String> streams = ConcurrentHashMap.newKeySet();

	/**
	 * Who receives copies.
	 *
	 * @param process the process
	 * @param tail what it distinguishes them by
	 */
	record Receiver(String process, String tail) {

	}

	boolean holds(Receiver receiver) {
		return this.receivers.containsKey(receiver);
	}

	/**
	 * A receiver goes on until a time.
	 * @return whether it is a new one
	 */
	boolean renew(Receiver receiver, long untilNanos) {
		return this.receivers.put(receiver, untilNanos) == null;
	}

	void end(Receiver receiver) {
		this.receivers.remove(receiver);
	}

	int size() {
		return this.receivers.size();
	}

	/** Whether there is a receiver; those whose time is over are forgotten. */
	boolean isWanted(long nowNanos) {
		this.receivers.values().removeIf((until) -> until - nowNanos <= 0);
		return !this.receivers.isEmpty();
	}

	List<Receiver> present() {
		return List.copyOf(this.receivers.keySet());
	}

	/**
	 * A stream is to be copied.
	 * @return whether it was not yet
	 */
	boolean begin(String connection) {
		return this.streams.add(connection);
	}

	void ended(String connection) {
		this.streams.remove(connection);
	}

}
