package io.fanfare.node.admin;

import java.time.InstantSource;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

import io.fanfare.node.cluster.CallRefusedException;
import io.fanfare.node.cluster.NodeCall;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.recorder.Came;
import io.fanfare.node.recorder.FlightRecorder;
import io.fanfare.node.recorder.Inquiry;
import io.fanfare.node.recorder.PastStream;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.fanfare.protocol.call.CallResult.StreamTrace;
import io.fanfare.protocol.call.CallResult.Traced;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;

/**
 * Tells what became of a message on its way to a user: how the node was handed it, and
 * what each stream of the user did with it. Each loop is asked for the user's streams
 * alone; the rest is looked up beside the loops, by few calls at once.
 */
public final class TraceMessage implements NodeCall<CallRequest.Trace, CallResult.Traced> {

	private static final int AT_ONCE = 16;

	/** So many streams of a user are told of, the last ones. */
	private static final int MOST_STREAMS = 100;

	private final Connections connections;

	private final FlightRecorder recorder;

	private final Supplier<Map<String, Long>> departed;

	private final InstantSource clock;

	private final Worker worker;

	private final Semaphore running = new Semaphore(AT_ONCE);

	/**
	 * Makes the call.
	 * @param connections the node's connections
	 * @param recorder what the node remembers
	 * @param departed nodes that are listed no more, and when they were last
	 * @param clock the wall clock
	 * @param scheduler runs what no loop has the time for
	 */
	public TraceMessage(Connections connections, FlightRecorder recorder, Supplier<Map<String, Long>> departed,
			InstantSource clock, Scheduler scheduler) {
		this.connections = connections;
		this.recorder = recorder;
		this.departed = departed;
		this.clock = clock;
		this.worker = scheduler.createWorker("call");
	}

	@Override
	public Class<CallRequest.Trace> request() {
		return CallRequest.Trace.class;
	}

	@Override
	public CompletableFuture<Traced> run(CallRequest.Trace request) {
		if (!this.running.tryAcquire()) {
			throw new CallRefusedException(CallAnswer.Refused.BUSY);
		}
		return this.connections.onLoops((loop) -> CompletableFuture.completedFuture(loop.streamsOf(request.user())))
			// What ends from here on was among those that are open.
			.thenApplyAsync((open) -> traced(request, open.stream().flatMap(List::stream).toList()),
					this.worker::execute)
			.whenComplete((traced, failure) -> this.running.release());
	}

	private Traced traced(CallRequest.Trace request, List<PastStream> open) {
		long id = MessageId.parse(request.id());
		ChannelName channel = ChannelName.parse(request.channel());
		Came came = this.recorder.came(id, channel);
		Inquiry inquiry = new Inquiry(id, channel, request.stored(), request.expiresAt(), came,
				this.recorder.reachesBackTo(id), this.clock.millis());
		Map<String, PastStream> streams = new HashMap<>();
		if (this.recorder.isOn()) {
			// Without journals nothing is said of them.
			open.forEach((stream) -> streams.put(stream.connection(), stream));
		}
		this.recorder.endedOf(request.user()).forEach((stream) -> streams.put(stream.connection(), stream));
		Map<String, Long> gone = new HashMap<>(this.departed.get());
		gone.values().removeIf((listed) -> listed < MessageId.timestamp(id) - Traced.DEPARTED.toMillis());
		// What is cut off counts as forgotten
		long streamsSince = (streams.size() > MOST_STREAMS) ? this.clock.millis() : this.recorder.streamsSince();
		return new Traced(this.recorder.since(), streamsSince, this.recorder.routesSince(),
				(came != null) ? came.route() : null, last(streams.values(), inquiry), gone);
	}

	private static List<StreamTrace> last(Collection<PastStream> streams, Inquiry inquiry) {
		return streams.stream()
			.sorted(Comparator.comparingLong(PastStream::openedAt).reversed())
			.limit(MOST_STREAMS)
			.map(inquiry::ask)
			.sorted(Comparator.comparingLong(StreamTrace::openedAt))
			.toList();
	}

}
