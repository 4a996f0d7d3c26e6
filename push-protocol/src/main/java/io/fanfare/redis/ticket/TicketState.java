package io.fanfare.redis.ticket;

/** What is known of a ticket. */
public sealed interface TicketState {

	/**
	 * It may be spent.
	 *
	 * @param right what it grants
	 */
	record Valid(TicketRight right) implements TicketState {

	}

	/** It never was one, or it has ended. */
	record Unknown() implements TicketState {

	}

	/** It was spent, by another attempt. */
	record Spent() implements TicketState {

	}

}
