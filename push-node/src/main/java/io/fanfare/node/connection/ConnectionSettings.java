package io.fanfare.node.connection;

import java.time.Duration;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of connections.
 *
 * @param max how many connections a node takes; each costs 4 to 6 KiB of process memory
 * when idle and a file descriptor
 * @param heartbeat after how long without a write a heartbeat is sent; each costs a
 * write. nginx's read timeout must be several times as long
 * @param cursorInterval how often a quiet stream's cursor is moved forward, so that it
 * stays within retention
 * @param admission how long a request for a stream may wait for Redis
 * @param slowLimit after how long without progress a reader is closed; until then it
 * costs what lies in its socket buffers
 * @param minRetry the least that a client is told to wait before it comes back
 * @param maxRetry the most after an ordinary end
 * @param maxSpread the most after an end that hits many at once
 * @param lifetime after how long a stream is sent on, less up to a tenth at random, so
 * that what began together does not end together; each costs an open. Zero for never
 * @param idleClose after how long without a message a stream is sent on, unless its
 * client acknowledges; each costs an open. Zero for never
 * @param ackTimeout how long a client that acknowledges may say nothing before it is
 * probed; each probe costs a write and a request
 * @param probeTimeout how long it may then take before it is closed
 * @param unreachableAfter how long the client's kernel may acknowledge nothing of what
 * was sent before the connection is given up; with the heartbeat it says how soon a
 * client whose wire was cut is gone. A reader that merely stopped acknowledges. Linux
 * only; zero for what the system does, some 15 minutes
 * @param drainWindow over how long a node that stops spreads the ends of its streams, so
 * that the others are not overrun; the stop takes so much longer
 * @param idleAfter after how long without a message a stream is shown as idle
 */
@ConfigurationProperties("fanfare.connections")
public record ConnectionSettings(@DefaultValue("10000") @Min(1) @Max(10_000_000) int max,
		@DefaultValue("15s") Duration heartbeat, @DefaultValue("5m") Duration cursorInterval,
		@DefaultValue("2s") Duration admission, @DefaultValue("30s") Duration slowLimit,
		@DefaultValue("2s") Duration minRetry, @DefaultValue("5s") Duration maxRetry,
		@DefaultValue("10s") Duration maxSpread, @DefaultValue("2h") Duration lifetime,
		@DefaultValue("0") Duration idleClose, @DefaultValue("60s") Duration ackTimeout,
		@DefaultValue("30s") Duration probeTimeout, @DefaultValue("25s") Duration unreachableAfter,
		@DefaultValue("30s") Duration drainWindow, @DefaultValue("30m") Duration idleAfter) {

}
