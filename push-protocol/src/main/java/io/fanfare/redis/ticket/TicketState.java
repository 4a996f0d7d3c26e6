package io.fanfare.redis.ticket;

/** What is known of a ticket. */
public sealed interface TicketState {

	/**
	 * It may be spent.
	 *
	 * @param right what it grants
	 * @param digest its digest
	 */
	record Valid(TicketRight right, String digest) implements TicketState {

	}

	/** It never was one, or it has ended. */
	record Unknown() implements TicketState {

	}

	/** It was spent, by another attempt. */
	record Spent() implements TicketState {

	}

	/**
	 * The name in metrics.
	 * @return the name
	 */
	default String wireName() {
		return switch (this) {
			case Valid valid -> "valid";
			case Unknown unknown -> "unknown";
			case Spent spent -> "spent";
		};
	}

}
