package io.fanfare.protocol.http;

import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Ticker;
import org.apache.coyote.Processor;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tomcat's HTTP/1.1 with a bound on how long a request may take to arrive, and its answer
 * to be read. Tomcat itself bounds each read and write: a client that sends a byte per
 * second would stay for ever. Here a look at all connections, once per second, closes
 * those whose head has not arrived within {@link #HEAD_TIME} of its first byte, and those
 * whose body is slower than {@link #LEAST_RATE} after that time, be it read by a handler
 * or dropped behind a refusal. A body that is dropped ends its connection sooner, once
 * nothing more of it comes for {@link #DROP_TIME}. An answer whose client reads it more
 * slowly is ended likewise.
 * <p>
 * One address holds at most half of the connections, and where few are left as many as
 * each other ({@link ClosingOrder}).
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

	/** A pause in a body that is dropped, for the answer to it was sent. */
	static final Duration DROP_TIME = Duration.ofSeconds(2);

	/** On a crowded port an answer is not waited for longer if nothing of it is read. */
	static final Duration UNREAD = Duration.ofSeconds(3);

	/** The first answer after it is the last of its connection. */
	static final Duration MAX_AGE = Duration.ofMinutes(5);

	/** A handler that reads the body answers 408 before. */
	static final Duration GRACE = Duration.ofSeconds(2);

	private static final Duration LOOK = Duration.ofSeconds(1);

	/** In this time a flood opens fewer connections than a crowded port has left. */
	private static final Duration LOOK_FOR_ROOM = Duration.ofMillis(250);

	/** Until a look that is asked for where hardly any place is left. */
	private static final Duration NEXT_LOOK = Duration.ofMillis(25);

	/** After a longer time without a look, it is not known what has arrived. */
	private static final Duration PAUSE = Duration.ofSeconds(3);

	private static final Logger log = LoggerFactory.getLogger(BoundedHttp11Protocol.class);

	/** Made by its name, so nothing is handed in; Tomcat takes its times by it, too. */
	private final Ticker ticker;

	/** Those that a thread is at. */
	private final Set<BoundedProcessor> serving = ConcurrentHashMap.newKeySet();

	private final Map<SocketWrapperBase<?>, Visit> visits = new ConcurrentHashMap<>();

	private final CrowdedPort crowd;

	private final Pauses pauses = new Pauses(PAUSE, LOOK.dividedBy(2));

	/** Whether a look for room is to come before the next regular one. */
	private final AtomicBoolean roomAsked = new AtomicBoolean();

	private volatile boolean looking;

	private volatile Duration maxAge = MAX_AGE;

	private volatile Errors errors;

	private final List<ScheduledFuture<?>> looks = new ArrayList<>();

	private final AtomicLong late = new AtomicLong();

	/** Has the defaults of Tomcat and the clock of the virtual machine. */
	public BoundedHttp11Protocol() {
		this(Ticker.system());
	}

	private BoundedHttp11Protocol(Ticker ticker) {
		this(ticker, new BoundedEndpoint(ticker));
	}

	private BoundedHttp11Protocol(Ticker ticker, BoundedEndpoint endpoint) {
		super(endpoint);
		this.ticker = ticker;
		this.crowd = new CrowdedPort(endpoint, this.visits, this.serving);
		this.errors = new Errors(ticker, (where) -> {
		}, Errors::halt);
		endpoint.nearlyFull(this::lookForRoomSoon);
	}

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

	Duration maxAge() {
		return this.maxAge;
	}

	/** What is known of a connection. */
	Visit visit(SocketWrapperBase<?> connection) {
		return this.visits.computeIfAbsent(connection, (any) -> new Visit(this.ticker.nanoTime()));
	}

	/** By the clock of the visits. */
	long now() {
		return this.ticker.nanoTime();
	}

	/** A thread is at it from now on. */
	void begins(BoundedProcessor processor) {
		this.serving.add(processor);
	}

	/** No thread is at it any more. */
	void ends(BoundedProcessor processor) {
		this.serving.remove(processor);
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
		return this.crowd.closed();
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
		look(LOOK, this::sweep);
		look(LOOK_FOR_ROOM, this::lookForRoom);
		this.looking = true;
	}

	private void lookForRoom() {
		this.roomAsked.set(false);
		this.crowd.makeRoom(this.ticker.nanoTime());
	}

	/** A flood may take in a moment what is left. */
	private void lookForRoomSoon() {
		if (this.looking && this.roomAsked.compareAndSet(false, true)) {
			getUtilityExecutor().schedule(this.errors.guard("requests", this::lookForRoom), NEXT_LOOK.toMillis(),
					TimeUnit.MILLISECONDS);
		}
	}

	private void look(Duration interval, Runnable look) {
		this.looks.add(getUtilityExecutor().scheduleWithFixedDelay(this.errors.guard("requests", look),
				interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS));
	}

	@Override
	public void stop() throws Exception {
		this.looking = false;
		this.looks.forEach((running) -> running.cancel(false));
		this.looks.clear();
		super.stop();
	}

	@Override
	protected Processor createProcessor() {
		return new BoundedProcessor(this, new RequestGuard(getAdapter(), this.ticker));
	}

	void sweep() {
		long now = this.ticker.nanoTime();
		int closed = 0;
		this.visits.keySet().removeIf(SocketWrapperBase::isClosed);
		if (!this.pauses.isSettled(now)) {
			return;
		}
		for (SocketWrapperBase<NioChannel> connection : getEndpoint().getConnections()) {
			visit(connection);
			if (connection.getCurrentProcessor() instanceof BoundedProcessor waiting && waiting.isHeadLate(now)) {
				// As Tomcat ends a read that timed out
				connection.setError(new SocketTimeoutException("The head of the request did not arrive in time"));
				getEndpoint().processSocket(connection, SocketEvent.ERROR, true);
				closed++;
			}
		}
		for (BoundedProcessor busy : this.serving) {
			closed += busy.closeLate(now) ? 1 : 0;
		}
		if (closed > 0) {
			this.late.addAndGet(closed);
			log.debug("requests=late closed={}", closed);
		}
	}

}
