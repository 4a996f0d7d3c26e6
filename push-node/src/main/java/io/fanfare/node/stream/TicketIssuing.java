package io.fanfare.node.stream;

import java.time.InstantSource;

import io.fanfare.node.ratelimit.CallLimits;
import io.fanfare.redis.ticket.Tickets;

/**
 * Makes tickets: only so many per address. Any thread may call.
 *
 * @param tickets where they are
 * @param limits how many
 * @param clock the wall clock
 */
record TicketIssuing(Tickets tickets, CallLimits limits, InstantSource clock) {

}
