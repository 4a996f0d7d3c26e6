package io.fanfare.boot;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

import io.fanfare.protocol.audit.RefusalReason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * Counts refused clients by reason. Each reason has its counter from the start, so the
 * first refusal of a kind is an increase, too. Any thread may call.
 */
public final class RefusalCounter implements Consumer<RefusalReason> {

	private final Map<RefusalReason, Counter> counters = new EnumMap<>(RefusalReason.class);

	/**
	 * Registers the counters.
	 * @param meters where
	 */
	public RefusalCounter(MeterRegistry meters) {
		for (RefusalReason reason : RefusalReason.values()) {
			this.counters.put(reason,
					Counter.builder("fanfare.refusals")
						.description("Clients that were refused for what they sent, or sent too often")
						.tag("reason", reason.wireName())
						.register(meters));
		}
	}

	@Override
	public void accept(RefusalReason reason) {
		Objects.requireNonNull(this.counters.get(reason)).increment();
	}

}
