package io.fanfare.node.connection;

import io.fanfare.node.recorder.PastStream;
import io.fanfare.node.timer.Liveness;
import io.fanfare.protocol.ConnectionState;
import io.fanfare.protocol.ConnectionStatus;
import org.jspecify.annotations.Nullable;

/** What is reported of a connection. On its loop. */
final class ConnectionReport {

	private ConnectionReport() {
	}

	/** The one place that says where a connection stands. */
	static ConnectionState state(Phase phase, StreamTimers timers, long nowNanos) {
		return switch (phase) {
			case Phase.Opening opening -> ConnectionState.CONNECTING;
			case Phase.Waiting waiting -> ConnectionState.WAITING;
			case Phase.Claiming claiming -> ConnectionState.CONNECTING;
			case Phase.Streaming streaming -> stateOfStream(timers, nowNanos);
			case Phase.Leaving leaving -> stateOfStream(timers, nowNanos);
			case Phase.Closed closed -> ConnectionState.CLOSED;
		};
	}

	private static ConnectionState stateOfStream(StreamTimers timers, long nowNanos) {
		if (timers.isInError()) {
			return ConnectionState.ERROR;
		}
		return timers.isIdle(nowNanos) ? ConnectionState.IDLE : ConnectionState.ACTIVE;
	}

	/**
	 * A stream as it is remembered.
	 * @param ending how it ended, or null while it is open
	 */
	static PastStream past(Connection connection, StreamWriter writer, @Nullable Ending ending) {
		Delivery delivery = connection.delivery();
		Acknowledged acknowledged = delivery.acknowledged();
		long now = connection.loop().nanoTime();
		long millis = connection.loop().millis();
		return new PastStream(connection.id(), connection.user(), connection.openedMillis(),
				(ending != null) ? millis : null, (ending != null) ? ending.reason() : null,
				(ending != null) ? delivery.journal() : delivery.journal().copy(),
				PastStream.hashes(connection.request().channels()), delivery.position(), delivery.ownUpTo(),
				millis - (now - writer.lastMessageNanos()) / 1_000_000, acknowledged.cursor(), acknowledged.above());
	}

	/**
	 * The status of a connection.
	 * @param ending how it ended, or null while it is open
	 */
	static ConnectionStatus of(Connection connection, StreamTimers timers, StreamWriter writer,
			@Nullable Ending ending) {
		long now = connection.loop().nanoTime();
		long open = now - connection.openedNanos();
		// The wall clock's now is taken from the monotonic one, so that times agree.
		long millis = connection.openedMillis() + open / 1_000_000;
		long active = connection.isBegun() ? now - timers.lastActivityNanos() : open;
		Liveness liveness = timers.liveness();
		long heard = (liveness != null && liveness.isEverHeard()) ? millis - (now - liveness.heardNanos()) / 1_000_000
				: 0;
		Acknowledged acknowledged = connection.delivery().acknowledged();
		return new ConnectionStatus(connection.id(), connection.loop().context().node(), connection.user(),
				connection.client(), connection.request().tier().wireName(),
				connection.request().address().getHostAddress(), connection.state(now).wireName(),
				connection.openedMillis(), millis - active / 1_000_000, heard, acknowledged.shownCursor(),
				acknowledged.shownAbove(), (liveness != null) ? liveness.roundTripNanos() / 1_000 : 0,
				writer.messagesSent(), writer.bytesSent(), timers.errors(), open / 1_000_000,
				(ending != null) ? ending.reason() : null);
	}

}
