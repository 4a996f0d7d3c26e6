package io.fanfare.node.connection;

import java.util.concurrent.atomic.AtomicLong;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls to Redis that are not answered: each is counted, and an outage is two lines in
 * the log, however many calls fail in it. It ends with the first renewal that is
 * answered. Any thread may call.
 */
final class Outage {

	private static final Logger log = LoggerFactory.getLogger(Outage.class);

	private final AtomicLong unanswered = new AtomicLong();

	/** A call failed. */
	void failed(String call, Throwable failure) {
		if (this.unanswered.getAndIncrement() == 0) {
			log.warn("redis=unanswered call={} reason=\"{}\"", call, failure.toString());
		}
	}

	/** A renewal was answered. */
	void over() {
		if (this.unanswered.get() > 0) {
			long failed = this.unanswered.getAndSet(0);
			if (failed > 0) {
				log.info("redis=answers-again failed-calls={}", failed);
			}
		}
	}

}
