package io.fanfare.node.connection;

import java.time.Duration;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import io.fanfare.protocol.settings.InvalidSettingException;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.validation.annotation.Validated;

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
 * @param minRetry the least that a client is asked to wait before it comes back
 * @param maxRetry the most after an ordinary end
 * @param maxSpread the most after an end that hits many at once
 * @param lifetime after how long a stream is sent on, less up to a tenth at random, so
 * that what began together does not end together; each costs an open. Zero for never,
 * else 1 s at least
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
 * @param showActive whether the heartbeats that clients can see tell how many connections
 * the node has; any client may know it then
 */
@Validated
@ConfigurationProperties("fanfare.connections")
public record ConnectionSettings(@DefaultValue("10000") @Min(1) @Max(10_000_000) int max,
		@DefaultValue("15s") @DurationMin(millis = 100) @DurationMax(hours = 1) Duration heartbeat,
		@DefaultValue("5m") @DurationMin(seconds = 1) @DurationMax(days = 1) Duration cursorInterval,
		@DefaultValue("2s") @DurationMin(millis = 10) @DurationMax(minutes = 1) Duration admission,
		@DefaultValue("30s") @DurationMin(seconds = 1) @DurationMax(hours = 1) Duration slowLimit,
		@DefaultValue("2s") @DurationMin(millis = 100) @DurationMax(hours = 1) Duration minRetry,
		@DefaultValue("5s") @DurationMin(millis = 100) @DurationMax(hours = 1) Duration maxRetry,
		@DefaultValue("10s") @DurationMin(millis = 100) @DurationMax(hours = 1) Duration maxSpread,
		@DefaultValue("2h") @DurationMin @DurationMax(days = 30) Duration lifetime,
		@DefaultValue("0") @DurationMin @DurationMax(days = 30) Duration idleClose,
		@DefaultValue("60s") @DurationMin(millis = 100) @DurationMax(days = 1) Duration ackTimeout,
		@DefaultValue("30s") @DurationMin(millis = 100) @DurationMax(hours = 1) Duration probeTimeout,
		@DefaultValue("25s") @DurationMin @DurationMax(hours = 1) Duration unreachableAfter,
		@DefaultValue("30s") @DurationMin @DurationMax(hours = 1) Duration drainWindow,
		@DefaultValue("30m") @DurationMin(seconds = 1) @DurationMax(days = 30) Duration idleAfter,
		@DefaultValue("false") boolean showActive) {

	/** A shorter life would be spent on opening streams. */
	private static final Duration SHORTEST_LIFE = Duration.ofSeconds(1);

	/**
	 * Fails where settings contradict each other.
	 */
	public ConnectionSettings {
		require(maxRetry.compareTo(minRetry) >= 0, "max-retry", "must not be below fanfare.connections.min-retry");
		require(maxSpread.compareTo(minRetry) >= 0, "max-spread", "must not be below fanfare.connections.min-retry");
		require(!isShort(lifetime), "lifetime", "must be 0, for never, or at least 1s");
		require(!isShort(idleClose), "idle-close", "must be 0, for never, or at least 1s");
	}

	private static boolean isShort(Duration life) {
		return life.isPositive() && life.compareTo(SHORTEST_LIFE) < 0;
	}

	private static void require(boolean fits, String name, String reason) {
		InvalidSettingException.require(fits, "fanfare.connections." + name, reason);
	}

}
