package io.fanfare.node.connection;

import java.util.function.Consumer;

import io.fanfare.node.broker.ArrivalTraces;
import io.fanfare.node.broker.DeliverySpan;
import io.fanfare.node.broker.Message;
import io.fanfare.node.broker.MessageSink;
import io.fanfare.node.recorder.FlightRecorder;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.Retraction;
import org.jspecify.annotations.Nullable;

/**
 * The way from what arrives over pub/sub to the loops: each frame goes into the inbox of
 * the loop that owns the connection, or of every loop. Any thread may call.
 */
public final class FrameRouter implements MessageSink {

	private final Connections connections;

	private final FlightRecorder recorder;

	private volatile @Nullable Consumer<Frame.Call> calls;

	private volatile StreamTimings timings = StreamTimings.NONE;

	/** Null where no message is traced. */
	private volatile @Nullable ArrivalTraces traces;

	/**
	 * Makes the router.
	 * @param connections the connections of the node
	 */
	public FrameRouter(Connections connections) {
		this.connections = connections;
		this.recorder = connections.recorder();
	}

	/**
	 * Names who answers what is asked of the node, once, before anything arrives.
	 * @param handler takes calls without blocking
	 */
	public void answerBy(Consumer<Frame.Call> handler) {
		this.calls = handler;
	}

	/**
	 * Names who measures how long messages take, once, before anything arrives.
	 * @param measure is notified of each message that arrives
	 */
	public void timeBy(StreamTimings measure) {
		this.timings = measure;
	}

	@Override
	public void broadcast(Message message) {
		this.timings.received(message.id());
		this.recorder.broadcast(message);
		Retraction retraction = message.retraction();
		for (StreamLoop loop : this.connections.loops()) {
			if (retraction != null) {
				loop.submit(() -> loop.retract(retraction));
			}
			if (retraction == null || !retraction.all()) {
				loop.offer(message);
			}
		}
	}

	@Override
	public void deliver(String id, Message message) {
		this.timings.received(message.id());
		Connection connection = this.connections.find(id);
		this.recorder.named(message, id, connection != null);
		if (connection != null) {
			Retraction retraction = message.retraction();
			if (retraction != null) {
				connection.loop().submit(connection, () -> connection.delivery().retract(retraction));
			}
			if (retraction == null || !retraction.all()) {
				connection.loop().offer(connection, message);
			}
		}
	}

	/**
	 * Has messages traced, once, before anything arrives.
	 * @param spans begins the span of each
	 */
	public void traceBy(ArrivalTraces spans) {
		this.traces = spans;
	}

	@Override
	public @Nullable DeliverySpan arrived(Frame.Published published) {
		ArrivalTraces spans = this.traces;
		return (spans != null) ? spans.arrived(published) : null;
	}

	@Override
	public void traced(@Nullable String id, ChannelName channel, DeliverySpan span) {
		if (id == null) {
			span.expect(this.connections.loops().size());
			for (StreamLoop loop : this.connections.loops()) {
				loop.trace(() -> loop.traced(channel, span));
			}
			return;
		}
		Connection connection = this.connections.find(id);
		span.expect((connection != null) ? 1 : 0);
		if (connection != null) {
			connection.loop().trace(() -> connection.loop().traced(span, 1));
		}
	}

	@Override
	public void kick(Frame.Kick kick) {
		Connection connection = this.connections.find(kick.connection());
		if (connection != null) {
			CloseReason reason = kick.reason();
			connection.loop().submit(connection, () -> {
				if (reason == null) {
					connection.ending().endSilently();
				}
				else {
					connection.ending().kicked(reason, kick.generation(), kick.grace(), kick.message());
				}
			});
		}
	}

	@Override
	public void displace(Frame.Displacement displacement) {
		for (StreamLoop loop : this.connections.loops()) {
			loop.submit(() -> loop.displace(displacement));
		}
	}

	@Override
	public void restored(Frame.Restored restored) {
		Connection connection = this.connections.find(restored.connection());
		if (connection != null) {
			connection.loop().submit(connection, () -> connection.ownership().restored(restored.last()));
		}
	}

	@Override
	public void hidden(Frame.Hidden hidden) {
		Connection connection = this.connections.find(hidden.connection());
		if (connection != null) {
			connection.loop().submit(connection, () -> connection.ownership().hidden(hidden));
		}
	}

	@Override
	public void unacknowledged(Frame.Unacknowledged written) {
		Connection connection = this.connections.find(written.connection());
		if (connection != null) {
			connection.loop().submit(connection, () -> connection.ownership().unacknowledged(written.ids()));
		}
	}

	@Override
	public void close(String id) {
		this.connections.closeByClient(id);
	}

	@Override
	public void acknowledge(Frame.Acknowledgement said) {
		this.connections.acknowledgeByClient(said);
	}

	@Override
	public void call(Frame.Call call) {
		Consumer<Frame.Call> handler = this.calls;
		if (handler != null) {
			handler.accept(call);
		}
	}

	@Override
	public void pass(long id) {
		for (StreamLoop loop : this.connections.loops()) {
			loop.probe(id);
		}
	}

	@Override
	public void unreadable(@Nullable ChannelName channel) {
		for (StreamLoop loop : this.connections.loops()) {
			loop.submit(() -> loop.unreadable(channel));
		}
	}

	@Override
	public void linkDown() {
		for (StreamLoop loop : this.connections.loops()) {
			loop.submit(loop::linkDown);
		}
	}

	@Override
	public void serverChanged(long since) {
		for (StreamLoop loop : this.connections.loops()) {
			loop.submit(() -> loop.serverChanged(since));
		}
	}

	@Override
	public void linkUp(long link) {
		for (StreamLoop loop : this.connections.loops()) {
			loop.submit(() -> loop.linkUp(link));
		}
	}

}
