package io.fanfare.api.alert;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * What a look found of a rule and a node.
 *
 * @param rule the rule
 * @param node the identity of the node, or what the rule is about in its place
 * @param name the name of the node
 * @param verdict how it stands
 * @param hold how long it must hold to count
 * @param value what was measured; null where the rule measures nothing, or it is not
 * known
 * @param threshold what it is compared with; null where the rule measures nothing
 * @param text a sentence for an operator
 */
record Reading(AlertRule rule, String node, String name, Verdict verdict, Duration hold, @Nullable Double value,
		@Nullable Double threshold, String text) {

	/** A value must fall this much below its threshold to be well again. */
	private static final double RELIEF = 0.95;

	/** How it stands. */
	enum Verdict {

		/** Above the threshold. */
		OVER,
		/** Not above it, but so near that it may be again in a moment. */
		NEAR,
		/** Well below it. */
		WELL,
		/** There are no data: this neither begins nor ends an alert. */
		UNKNOWN

	}

	static Reading of(AlertRule rule, String node, String name, Duration hold, double value, double threshold,
			String text) {
		Verdict verdict = (value > threshold) ? Verdict.OVER
				: (value > threshold * RELIEF) ? Verdict.NEAR : Verdict.WELL;
		return new Reading(rule, node, name, verdict, hold, value, threshold, text);
	}

	static Reading unmeasured(AlertRule rule, String node, String name, Verdict verdict, Duration hold, String text) {
		return new Reading(rule, node, name, verdict, hold, null, null, text);
	}

	static Reading unknown(AlertRule rule, String node, String name, Duration hold) {
		return unmeasured(rule, node, name, Verdict.UNKNOWN, hold, "");
	}

	/** There is at most one alert of a rule and node. */
	String id() {
		return this.rule.wireName() + "/" + this.node;
	}

}
