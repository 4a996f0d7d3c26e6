package io.fanfare.api.alert;

import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

import org.jspecify.annotations.Nullable;

/**
 * Which alerts there are, by what looks find, and which channel is to be notified of
 * which.
 * <p>
 * An alert is pending from the first look above its threshold and fires once all looks
 * for {@code hold} were. It is resolved once all looks for {@code hold} were well below,
 * so a value that swings about its threshold notifies at most twice per twice that time.
 * A look without data makes a pending alert begin anew and changes nothing of one that
 * fires. What a node that is no longer there had is resolved after a while, but for its
 * loss itself: that ends when the node is back, or when it would be repeated.
 * <p>
 * A channel is not told that an alert fires while the rule is well or the node is absent.
 * It is told of an end where it took a message that the alert fires, or may have.
 * <p>
 * Times are in milliseconds of one clock, which the caller names with each call. One
 * thread at a time.
 */
final class AlertBook {

	/** After so long a node that is not listed is gone. */
	static final Duration GONE_AFTER = Duration.ofSeconds(15);

	/** The most that a message reports. */
	static final int MAX_DUE = 50;

	/** The end of an alert that no channel took for so long is not sent any more. */
	static final Duration ENDED_KEPT = Duration.ofDays(8);

	private final long repeatMs;

	private final Collection<String> channels;

	private final Map<String, Alert> alerts = new TreeMap<>();

	/** Since when a rule that does not fire is over its threshold, by id. */
	private final Map<String, Long> pending = new HashMap<>();

	/** Since when a rule that fires is well, by id. */
	private final Map<String, Long> well = new HashMap<>();

	/** Since when the node of an alert is not listed, by the alert's id. */
	private final Map<String, Long> absent = new HashMap<>();

	/** The ids of alerts that changed since they were stored. */
	private final Set<String> changed = new HashSet<>();

	AlertBook(Duration repeatInterval, Collection<String> channels) {
		this.repeatMs = repeatInterval.toMillis();
		this.channels = List.copyOf(channels);
	}

	/**
	 * Takes in what a look found.
	 * @param now the time
	 * @param present the identities of the nodes that are listed
	 * @param readings what was found
	 */
	void look(long now, Set<String> present, List<Reading> readings) {
		forgetFuture(now);
		readings.forEach((reading) -> look(now, reading));
		this.pending.keySet().removeIf((id) -> !present.contains(id.substring(id.indexOf('/') + 1)));
		for (Alert alert : List.copyOf(this.alerts.values())) {
			if (alert.isFiring()) {
				lookForNode(now, alert, present.contains(alert.node()));
			}
			else if (alert.resolvedMs() != null && now - alert.resolvedMs() > ENDED_KEPT.toMillis()) {
				this.alerts.remove(alert.id());
				this.changed.add(alert.id());
			}
		}
		dropDone();
	}

	private void look(long now, Reading reading) {
		String id = reading.id();
		Alert alert = this.alerts.get(id);
		if (alert != null && alert.isFiring()) {
			if (reading.verdict() != Reading.Verdict.WELL) {
				this.well.remove(id);
				if (reading.verdict() == Reading.Verdict.OVER) {
					this.alerts.put(id, alert.with(reading));
				}
			}
			else if (now - this.well.computeIfAbsent(id, (key) -> now) >= reading.hold().toMillis()) {
				resolve(now, alert, reading.text());
			}
		}
		else if (reading.verdict() != Reading.Verdict.OVER) {
			this.pending.remove(id);
		}
		else if (now - this.pending.computeIfAbsent(id, (key) -> now) >= reading.hold().toMillis()) {
			this.pending.remove(id);
			// A channel that was not notified of its end needs no notice that it fires
			// again
			put((alert != null) ? alert.with(reading) : Alert.firing(reading, now));
		}
	}

	private void lookForNode(long now, Alert alert, boolean present) {
		if (alert.rule() == AlertRule.NODE_LOST) {
			if (now - alert.sinceMs() >= this.repeatMs) {
				resolve(now, alert, alert.name() + " did not come back and counts as removed");
			}
		}
		else if (present) {
			this.absent.remove(alert.id());
		}
		else if (now - this.absent.computeIfAbsent(alert.id(), (id) -> now) >= GONE_AFTER.toMillis()) {
			resolve(now, alert, alert.name() + " is no longer there");
		}
	}

	private void resolve(long now, Alert alert, String why) {
		this.well.remove(alert.id());
		this.absent.remove(alert.id());
		put(alert.resolved(now, why));
	}

	private void put(Alert alert) {
		this.alerts.put(alert.id(), alert);
		this.changed.add(alert.id());
	}

	/** A clock that was set back must not lengthen what holds already. */
	private void forgetFuture(long now) {
		List.of(this.pending, this.well, this.absent)
			.forEach((times) -> times.replaceAll((id, since) -> Math.min(since, now)));
	}

	/** Removes what ended and is to be sent to no channel any more. */
	private void dropDone() {
		this.alerts.values().removeIf((alert) -> {
			boolean done = !alert.isFiring()
					&& this.channels.stream().noneMatch((channel) -> alert.isDue(channel, 0, this.repeatMs));
			if (done) {
				this.changed.add(alert.id());
			}
			return done;
		});
	}

	/**
	 * Finds out what a channel is to be notified of.
	 * @param channel its name
	 * @param now the time
	 * @param limit the most of them
	 * @return the alerts, the oldest first
	 */
	List<Alert> due(String channel, long now, int limit) {
		return this.alerts.values()
			.stream()
			.filter((alert) -> alert.isDue(channel, now, this.repeatMs))
			.filter((alert) -> !alert.isFiring() || isCertain(alert.id()))
			.sorted(Comparator.comparingLong(Alert::sinceMs).thenComparing(Alert::id))
			.limit(limit)
			.toList();
	}

	/** Whether an alert that fires is not about to end. */
	private boolean isCertain(String id) {
		return !this.well.containsKey(id) && !this.absent.containsKey(id);
	}

	/**
	 * Notes that a channel is about to be notified. Until it is known what became of it,
	 * the end of each of these alerts is due as if the channel had taken it.
	 * @param channel its name
	 * @param offered the alerts
	 * @return those of which the channel may know only by this message
	 */
	List<Alert> handOver(String channel, Collection<Alert> offered) {
		List<Alert> first = offered.stream()
			.filter((alert) -> alert.isFiring() && !alert.handed().contains(channel))
			.toList();
		first.forEach((alert) -> put(alert.handedTo(channel)));
		return first;
	}

	/**
	 * Notes that a channel did not take a message, which is certain.
	 * @param channel its name
	 * @param first what {@link #handOver} returned
	 */
	void refused(String channel, Collection<Alert> first) {
		first.forEach((one) -> change(one, (alert) -> alert.notTakenBy(channel)));
		dropDone();
	}

	/**
	 * Notes that a channel was notified.
	 * @param channel its name
	 * @param now the time
	 * @param notified the alerts, as they were sent
	 */
	void sent(String channel, long now, Collection<Alert> notified) {
		notified.forEach((one) -> change(one, (alert) -> alert.sentTo(channel, now, !one.isFiring())));
		dropDone();
	}

	private void change(Alert one, UnaryOperator<Alert> change) {
		Alert alert = this.alerts.get(one.id());
		if (alert != null && alert.sinceMs() == one.sinceMs()) {
			put(change.apply(alert));
		}
	}

	/**
	 * Takes over from another leader: what it sent counts, and what this process sent
	 * itself and could not store.
	 * @param stored the alerts that it left
	 */
	void adopt(Collection<Alert> stored) {
		this.changed.addAll(this.alerts.keySet());
		stored.forEach((alert) -> {
			Alert own = this.alerts.get(alert.id());
			Alert merged = (own == null || own.sinceMs() != alert.sinceMs()) ? alert
					: own.isFiring() ? alert.merge(own) : own.merge(alert);
			this.alerts.put(alert.id(), merged);
			if (merged.equals(alert)) {
				this.changed.remove(alert.id());
			}
		});
		dropDone();
	}

	/** Leads no more: what was sent is another's to say. */
	void follow() {
		this.alerts.values().removeIf((alert) -> !alert.isFiring());
		this.alerts.replaceAll((id, alert) -> alert.unsent());
		this.changed.clear();
	}

	/** The ids of the alerts that changed and were not {@link #stored}. */
	Set<String> changed() {
		return Set.copyOf(this.changed);
	}

	void stored(Set<String> ids) {
		this.changed.removeAll(ids);
	}

	/** The alert of an id, or null. */
	@Nullable Alert find(String id) {
		return this.alerts.get(id);
	}

	/** The nodes that were lost and are not back. */
	List<Alert> losses() {
		return this.alerts.values()
			.stream()
			.filter((alert) -> alert.isFiring() && alert.rule() == AlertRule.NODE_LOST)
			.toList();
	}

	long firing(AlertRule rule) {
		return this.alerts.values().stream().filter((alert) -> alert.isFiring() && alert.rule() == rule).count();
	}

}
