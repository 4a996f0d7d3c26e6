package io.fanfare.api.alert;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * An alert that fires, or ended and has channels that were not notified of its end.
 *
 * @param rule the rule
 * @param node the identity of the node, or what the rule is about in its place
 * @param name the name of the node
 * @param sinceMs when it began to fire, in milliseconds since the epoch
 * @param resolvedMs when it ended, in milliseconds since the epoch; null while it fires
 * @param value what was measured last, or null
 * @param threshold what it is compared with, or null
 * @param text a sentence for an operator
 * @param sent what each channel took last, by its name
 * @param handed the channels that were handed a message that it fires, of which it is not
 * known that they took it, nor that they did not
 */
record Alert(AlertRule rule, String node, String name, long sinceMs, @Nullable Long resolvedMs, @Nullable Double value,
		@Nullable Double threshold, String text, Map<String, Sent> sent, Set<String> handed) {

	Alert {
		sent = Map.copyOf(sent);
		handed = Set.copyOf(handed);
	}

	/**
	 * What a channel was sent last.
	 *
	 * @param atMs when, in milliseconds since the epoch
	 * @param resolved whether it was the end of the alert
	 */
	record Sent(long atMs, boolean resolved) {

	}

	static Alert firing(Reading reading, long now) {
		return new Alert(reading.rule(), reading.node(), reading.name(), now, null, reading.value(),
				reading.threshold(), reading.text(), Map.of(), Set.of());
	}

	String id() {
		return this.rule.wireName() + "/" + this.node;
	}

	boolean isFiring() {
		return this.resolvedMs == null;
	}

	/** As it stands now: it fires, also if it had ended. */
	Alert with(Reading reading) {
		return new Alert(this.rule, this.node, this.name, this.sinceMs, null, reading.value(), reading.threshold(),
				reading.text(), this.sent, this.handed);
	}

	Alert resolved(long now, String why) {
		return new Alert(this.rule, this.node, this.name, this.sinceMs, now, this.value, this.threshold, why, this.sent,
				this.handed);
	}

	Alert sentTo(String channel, long now, boolean resolved) {
		Map<String, Sent> all = new HashMap<>(this.sent);
		all.put(channel, new Sent(now, resolved));
		return with(all, without(channel));
	}

	/** A message that it fires is on its way, or its outcome is not known. */
	Alert handedTo(String channel) {
		Set<String> all = new HashSet<>(this.handed);
		all.add(channel);
		return with(this.sent, all);
	}

	/** The message was not taken, which is certain. */
	Alert notTakenBy(String channel) {
		return with(this.sent, without(channel));
	}

	/** With what another record of it knows to have been sent since. */
	Alert merge(Alert other) {
		Map<String, Sent> all = new HashMap<>(this.sent);
		other.sent.forEach((channel, one) -> all.merge(channel, one, (a, b) -> (a.atMs() < b.atMs()) ? b : a));
		Set<String> both = new HashSet<>(this.handed);
		both.addAll(other.handed);
		return with(all, both);
	}

	Alert unsent() {
		return with(Map.of(), Set.of());
	}

	private Alert with(Map<String, Sent> all, Set<String> unknown) {
		return new Alert(this.rule, this.node, this.name, this.sinceMs, this.resolvedMs, this.value, this.threshold,
				this.text, all, unknown);
	}

	private Set<String> without(String channel) {
		Set<String> others = new HashSet<>(this.handed);
		others.remove(channel);
		return others;
	}

	/**
	 * Whether a channel is to be notified.
	 * @param channel its name
	 * @param now the time, in milliseconds since the epoch
	 * @param repeatMs after how long an alert that fires is sent again
	 * @return whether it is
	 */
	boolean isDue(String channel, long now, long repeatMs) {
		Sent last = this.sent.get(channel);
		if (!isFiring()) {
			// A channel that never was notified of the alert needs no end of it
			return this.handed.contains(channel) || (last != null && !last.resolved());
		}
		return last == null || last.resolved() || now - last.atMs() >= repeatMs;
	}

}
