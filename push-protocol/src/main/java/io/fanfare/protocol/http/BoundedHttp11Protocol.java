package io.fanfare.protocol.http;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Ticker;
import org.apache.coyote.Constants;
import org.apache.coyote.Processor;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.coyote.http11.Http11Processor;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tomcat's HTTP/1.1 with a bound on how long a request may take to arrive, and its answer
 * to be read. Tomcat itself bounds each read and write: a client that sends a byte per
 * second would stay for ever. Here a look at all connections, once per second, closes
 * those whose head has not arrived within {@link #HEAD_TIME} of its first byte, and those
 * whose body is slower than {@link #LEAST_RATE} after that time, be it read by a handler
 * or dropped behind a refusal. An answer whose client reads it more slowly is ended
 * likewise.
 * <p>
 * One address holds at most half of the connections: of what it has above that, those are
 * closed that no thread is at.
 * <p>
 * A connection older than {@link #MAX_AGE} ends with its next answer, and each request
 * passes a {@link RequestGuard} first.
 * <p>
 * Tomcat makes it by its name.
 */
public final class BoundedHttp11Protocol extends Http11NioProtocol {

	/** How long the head of a request may take. */
	public static final Duration HEAD_TIME = Duration.ofSeconds(10);

	/** Bytes per second of a body or an answer, once that time is over. */
	public static final long LEAST_RATE = 32 * 1024;

	/** The first answer after it is the last of its connection. */
	static final Duration MAX_AGE = Duration.ofMinutes(5);

	/** A handler that reads the body answers 408 before. */
	private static final Duration GRACE = Duration.ofSeconds(2);

	private static final Logger log = LoggerFactory.getLogger(BoundedHttp11Protocol.class);

	/** Those that a thread is at. */
	private final Set<BoundedProcessor> serving = ConcurrentHashMap.newKeySet();

	/** When each connection was first looked at. */
	private final Map<SocketWrapperBase<?>, Long> seen = new ConcurrentHashMap<>();

	private volatile Duration maxAge = MAX_AGE;

	/** Made by its name, so nothing is handed in; Tomcat takes its times by it, too. */
	private final Ticker ticker = Ticker.system();

	private volatile Errors errors = new Errors(this.ticker, (where) -> {
	}, Errors::halt);

	private @Nullable ScheduledFuture<?> sweeps;

	private final AtomicLong crowded = new AtomicLong();

	private final AtomicLong late = new AtomicLong();

	/**
	 * Tells how long a body, or an answer, may have taken.
	 * @param passed how many of its bytes have passed
	 * @return the time since its request, or the answer, began
	 */
	public static Duration bodyTime(long passed) {
		return HEAD_TIME.plusMillis(passed * 1_000 / LEAST_RATE);
	}

	/**
	 * Sets where errors are noted, before the start.
	 * @param errors notes what nothing else handles
	 */
	public void setErrors(Errors errors) {
		this.errors = errors;
	}

	/** Sets for how long a connection is kept. */
	void maxAge(Duration maxAge) {
		this.maxAge = maxAge;
	}

	/**
	 * How many connections are open.
	 * @return the number
	 */
	public long open() {
		return getEndpoint().getConnectionCount();
	}

	/**
	 * How many connections were closed because their address had too many.
	 * @return the number, since the start
	 */
	public long closedForAddress() {
		return this.crowded.get();
	}

	/**
	 * How many connections were closed because a request, or the reading of its answer,
	 * was too slow.
	 * @return the number, since the start
	 */
	public long closedForSlowness() {
		return this.late.get();
	}

	@Override
	public void start() throws Exception {
		super.start();
		this.sweeps = getUtilityExecutor().scheduleWithFixedDelay(this.errors.guard("requests", this::sweep), 1, 1,
				TimeUnit.SECONDS);
	}

	@Override
	public void stop() throws Exception {
		ScheduledFuture<?> running = this.sweeps;
		if (running != null) {
			running.cancel(false);
		}
		super.stop();
	}

	@Override
	protected Processor createProcessor() {
		return new BoundedProcessor(this, new RequestGuard(getAdapter(), this.ticker));
	}

	void sweep() {
		long now = this.ticker.nanoTime();
		int closed = 0;
		this.seen.keySet().removeIf(SocketWrapperBase::isClosed);
		for (SocketWrapperBase<NioChannel> connection : getEndpoint().getConnections()) {
			this.seen.putIfAbsent(connection, now);
			if (connection.getCurrentProcessor() instanceof BoundedProcessor waiting && waiting.isHeadLate(now)) {
				// As Tomcat ends a read that timed out
				connection.setError(new SocketTimeoutException("The head of the request did not arrive in time"));
				getEndpoint().processSocket(connection, SocketEvent.ERROR, true);
				closed++;
			}
		}
		for (BoundedProcessor busy : this.serving) {
			closed += busy.closeLate(now);
		}
		if (closed > 0) {
			this.late.addAndGet(closed);
			log.debug("requests=late closed={}", closed);
		}
		long share = Math.max(1, getMaxConnections() / 2);
		if (getMaxConnections() > 0 && open() > share) {
			makeRoom(share);
		}
	}

	/** No other address could connect if one had all. */
	private void makeRoom(long share) {
		Map<String, List<SocketWrapperBase<NioChannel>>> waiting = new HashMap<>();
		Map<String, Integer> open = new HashMap<>();
		Set<@Nullable SocketWrapperBase<?>> served = new HashSet<>();
		for (BoundedProcessor busy : this.serving) {
			served.add(busy.connection());
		}
		for (SocketWrapperBase<NioChannel> connection : getEndpoint().getConnections()) {
			String address = String.valueOf(connection.getRemoteAddr());
			open.merge(address, 1, Integer::sum);
			boolean answers = served.contains(connection)
					|| connection.getCurrentProcessor() instanceof BoundedProcessor present && present.isAsync();
			if (!answers) {
				waiting.computeIfAbsent(address, (any) -> new ArrayList<>()).add(connection);
			}
		}
		open.forEach((address, count) -> {
			List<SocketWrapperBase<NioChannel>> idle = waiting.getOrDefault(address, List.of());
			long surplus = Math.min(idle.size(), count - share);
			for (int i = 0; i < surplus; i++) {
				SocketWrapperBase<NioChannel> connection = idle.get(i);
				connection.setError(new IOException("Its address has too many connections"));
				getEndpoint().processSocket(connection, SocketEvent.ERROR, true);
			}
			if (surplus > 0) {
				this.crowded.addAndGet(surplus);
				log.warn("connections=crowded address={} open={} closed={}", address, count, surplus);
			}
		});
	}

	/** Knows since when its request arrives. */
	private static final class BoundedProcessor extends Http11Processor {

		private final BoundedHttp11Protocol protocol;

		private final RequestGuard guard;

		private BoundedProcessor(BoundedHttp11Protocol protocol, RequestGuard guard) {
			super((AbstractHttp11Protocol<?>) protocol, guard);
			this.protocol = protocol;
			this.guard = guard;
		}

		@Override
		public SocketState service(SocketWrapperBase<?> connection) throws IOException {
			Long since = this.protocol.seen.get(connection);
			this.guard.keep((since != null) ? since : this.protocol.ticker.nanoTime(), this.protocol.maxAge);
			this.protocol.serving.add(this);
			try {
				return super.service(connection);
			}
			finally {
				this.protocol.serving.remove(this);
			}
		}

		private @Nullable SocketWrapperBase<?> connection() {
			return getSocketWrapper();
		}

		/** To be asked while no thread is at it: it waits for the rest of a head. */
		private boolean isHeadLate(long now) {
			long began = getRequest().getStartTimeNanos();
			return !isAsync() && !isUpgrade() && began != -1 && now - began > HEAD_TIME.toNanos();
		}

		/**
		 * Closes it if it waits for a body, or for its client to read an answer, that is
		 * late. Returns how many it closed.
		 */
		private int closeLate(long now) {
			SocketWrapperBase<?> connection = getSocketWrapper();
			int stage = getRequest().getRequestProcessor().getStage();
			if (connection == null || connection.isClosed() || !isBodyLate(stage, now) && !isAnswerLate(stage, now)) {
				return 0;
			}
			connection.close();
			return 1;
		}

		private boolean isBodyLate(int stage, long now) {
			Request body = getRequest();
			long began = body.getStartTimeNanos();
			return (stage == Constants.STAGE_SERVICE || stage == Constants.STAGE_ENDINPUT) && began != -1
					&& !isRequestBodyFullyRead() && isLate(began, body.getBytesRead(), now);
		}

		/** The answer may end meanwhile, and has no time then. */
		private boolean isAnswerLate(int stage, long now) {
			Response answer = this.response;
			long began = answer.getCommitTimeNanos();
			return (stage == Constants.STAGE_SERVICE || stage == Constants.STAGE_ENDOUTPUT) && began != -1
					&& isLate(began, answer.getBytesWritten(false), now);
		}

		private static boolean isLate(long began, long passed, long now) {
			return now - began > bodyTime(passed).plus(GRACE).toNanos();
		}

	}

}
