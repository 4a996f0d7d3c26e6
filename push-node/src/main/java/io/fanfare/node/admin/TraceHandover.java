package io.fanfare.node.admin;

import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

import io.fanfare.node.cluster.CallRefusedException;
import io.fanfare.node.cluster.NodeCall;
import io.fanfare.node.recorder.Inquiry;
import io.fanfare.node.recorder.StreamRecord;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult.HandoverTraced;
import io.fanfare.protocol.call.CallResult.StreamTrace;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.cluster.Handovers;
import org.jspecify.annotations.Nullable;

/**
 * Tells what became of a message on streams of nodes that ended, by the records that they
 * left. How these nodes were handed the message is not known. Records are read beside the
 * thread that answers of Redis come by, for there may be many.
 */
public final class TraceHandover implements NodeCall<CallRequest.TraceHandover, HandoverTraced> {

	private static final int AT_ONCE = 16;

	private final Handovers handovers;

	private final InstantSource clock;

	private final Errors errors;

	private final Worker worker;

	private final Semaphore running = new Semaphore(AT_ONCE);

	/**
	 * Makes the call.
	 * @param handovers what nodes left
	 * @param clock the wall clock
	 * @param errors notes records that cannot be read
	 * @param scheduler runs what no loop has the time for
	 */
	public TraceHandover(Handovers handovers, InstantSource clock, Errors errors, Scheduler scheduler) {
		this.handovers = handovers;
		this.clock = clock;
		this.errors = errors;
		this.worker = scheduler.createWorker("call");
	}

	@Override
	public Class<CallRequest.TraceHandover> request() {
		return CallRequest.TraceHandover.class;
	}

	@Override
	public CompletableFuture<HandoverTraced> run(CallRequest.TraceHandover request) {
		if (!this.running.tryAcquire()) {
			throw new CallRefusedException(CallAnswer.Refused.BUSY);
		}
		CallRequest.Trace message = request.message();
		Map<String, CompletableFuture<byte @Nullable []>> read = new LinkedHashMap<>();
		for (String node : request.nodes()) {
			read.put(node, this.handovers.records(node, message.user()));
		}
		return CompletableFuture.allOf(read.values().toArray(CompletableFuture[]::new)).thenApplyAsync((done) -> {
			Inquiry inquiry = new Inquiry(MessageId.parse(message.id()), ChannelName.parse(message.channel()),
					message.stored(), message.expiresAt(), null, false, this.clock.millis());
			Map<String, List<StreamTrace>> streams = new HashMap<>();
			read.forEach((node, records) -> {
				List<StreamTrace> told = traced(inquiry, message.user(), records.resultNow());
				if (told != null) {
					streams.put(node, told);
				}
			});
			return new HandoverTraced(streams);
		}, this.worker::execute).whenComplete((traced, failure) -> this.running.release());
	}

	/** What cannot be read is not known. */
	private @Nullable List<StreamTrace> traced(Inquiry inquiry, String user, byte @Nullable [] records) {
		if (records == null) {
			return null;
		}
		try {
			return StreamRecord.read(user, records).stream().map(inquiry::ask).toList();
		}
		catch (IllegalArgumentException ex) {
			this.errors.note("handover", ex);
			return null;
		}
	}

}
