package io.fanfare.node.stream;

import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.fanfare.node.ratelimit.DoctorLimits;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.guard.Errors;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpRequest;
import org.jspecify.annotations.Nullable;

/**
 * The streams of doctors on a node: how many there may be, what they send, and their end
 * with the node. They touch neither Redis nor admission, so they show what lies between a
 * client and the node, and nothing else. Any thread may call, unless said otherwise.
 */
final class Doctor {

	private final boolean enabled;

	private final DoctorLimits limits;

	private final Duration heartbeat;

	private final String node;

	private final InstantSource clock;

	private final Set<DoctorStream> streams = ConcurrentHashMap.newKeySet();

	private volatile boolean stopped;

	/**
	 * Has no stream yet.
	 * @param enabled whether there may be any
	 * @param limits how many there may be
	 * @param heartbeat how often the node sends heartbeats to clients
	 * @param node the name of the node
	 * @param clock the time of day
	 */
	Doctor(boolean enabled, DoctorLimits limits, Duration heartbeat, String node, InstantSource clock) {
		this.enabled = enabled;
		this.limits = limits;
		this.heartbeat = heartbeat;
		this.node = node;
		this.clock = clock;
	}

	/** Whether the node has such streams. */
	boolean isEnabled() {
		return this.enabled;
	}

	/** Whether the node stops: it begins no stream any more. */
	boolean isStopped() {
		return this.stopped;
	}

	/** How many streams there are. */
	int open() {
		return this.limits.open();
	}

	/**
	 * Counts a stream.
	 * @param address where its client is
	 * @param channel what it ends with
	 * @return the quota that is used up, or null if it may begin
	 */
	@Nullable Quota enter(InetAddress address, Channel channel) {
		Quota exceeded = this.limits.enter(address);
		if (exceeded == null) {
			channel.closeFuture().addListener((closed) -> this.limits.leave(address));
		}
		return exceeded;
	}

	/** A stream that has not begun. */
	DoctorStream stream(Channel channel, DoctorRequest asked, Errors errors) {
		return new DoctorStream(channel, asked.script(), DoctorScript.silence(this.heartbeat), errors,
				this.clock.millis());
	}

	/**
	 * Begins a stream that was counted; to be called on its loop, when its channel is its
	 * own.
	 * @param stream the stream
	 * @param head the head of its answer
	 * @param asked what is asked for
	 * @param request the request
	 */
	void begin(DoctorStream stream, byte[] head, DoctorRequest asked, HttpRequest request) {
		this.streams.add(stream);
		stream.whenClosed(() -> this.streams.remove(stream));
		stream.begin(head, DoctorBlocks.hello(stream.position(), asked, request, this.node, this.heartbeat));
		if (this.stopped) {
			stream.end("drain");
		}
	}

	/** Ends all streams, because the node stops; returns at once. */
	void stop() {
		this.stopped = true;
		this.streams.forEach((stream) -> stream.onLoop(() -> stream.end("drain")));
	}

}
