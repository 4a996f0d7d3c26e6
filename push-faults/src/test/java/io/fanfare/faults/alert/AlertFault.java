package io.fanfare.faults.alert;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A fault, and what operators are to be notified of because of it. Alerts of Prometheus
 * and the rules of the built-in alerts have names that do not meet.
 *
 * @param name how to ask for it
 * @param what happens, in a sentence
 * @param inShort whether every build plays it; the long form plays all
 * @param fires what must fire, and why
 * @param mayFire what may fire beside it, and why: because there is no {@code for:}, or
 * because it says the same in another place
 * @param begin begins it
 * @param end ends it
 */
record AlertFault(String name, String what, boolean inShort, Map<String, String> fires, Map<String, String> mayFire,
		Consumer<AlertCluster> begin, Consumer<AlertCluster> end) {

	static AlertFault of(String name, String what, Consumer<AlertCluster> begin, Consumer<AlertCluster> end) {
		return new AlertFault(name, what, true, Map.of(), Map.of(), begin, end);
	}

	/**
	 * The same, for the long form alone.
	 */
	AlertFault longOnly() {
		return new AlertFault(this.name, this.what, false, this.fires, this.mayFire, this.begin, this.end);
	}

	/**
	 * The same, with one more alert that must fire.
	 */
	AlertFault fires(String alert, String why) {
		return new AlertFault(this.name, this.what, this.inShort, with(this.fires, alert, why), this.mayFire,
				this.begin, this.end);
	}

	/**
	 * The same, with one more alert that may fire.
	 */
	AlertFault mayFire(String alert, String why) {
		return new AlertFault(this.name, this.what, this.inShort, this.fires, with(this.mayFire, alert, why),
				this.begin, this.end);
	}

	private static Map<String, String> with(Map<String, String> alerts, String alert, String why) {
		Map<String, String> more = new LinkedHashMap<>(alerts);
		more.put(alert, why);
		return more;
	}

	/** Whether there is a reason for an alert. */
	boolean explains(String alert) {
		return this.fires.containsKey(alert) || this.mayFire.containsKey(alert);
	}

	/**
	 * Whether an alert is one of Prometheus; if not, it is a rule of the built-in ones.
	 */
	static boolean isOfPrometheus(String alert) {
		return alert.startsWith("Fanfare");
	}

	Set<String> mustFire() {
		return this.fires.keySet();
	}

	@Override
	public String toString() {
		return this.name;
	}

}
