package io.fanfare.api.webhook;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;

import javax.net.ssl.SSLSocketFactory;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.EmptyWebhookSecretException;
import com.standardwebhooks.exceptions.WebhookSigningException;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.Failures;
import io.fanfare.redis.event.EventStream;
import io.fanfare.redis.event.EventStream.Event;
import io.fanfare.redis.event.EventStream.Taken;
import org.jspecify.annotations.Nullable;

/**
 * Sends the events of the stream to a backend, signed by Standard Webhooks
 * (https://www.standardwebhooks.com). Each is sent until it is accepted by a status of
 * 2xx, or given up: after so many attempts, or at once where the receiver says that it
 * will not have it. A receiver may get one more than once, with the same
 * {@code webhook-id}. What concerns all users is never given up.
 * <p>
 * Events of one user go over one connection, in the order of the stream, as long as none
 * is refused. All processes of the API share the work. A process that ends leaves what it
 * held to the others ({@link EventStream}). Bounded: a process holds at most
 * {@value #MAX_HELD} events, and has {@value #CONNECTIONS} connections.
 */
final class Webhooks implements AutoCloseable {

	static final int MAX_HELD = 1_000;

	static final int CONNECTIONS = 8;

	private static final int PER_CALL = 100;

	private static final Duration POLL = Duration.ofMillis(200);

	/** How often what is held is named; a sixth of what an event may lie for. */
	private static final Duration NAME = Duration.ofSeconds(5);

	private static final Duration FIRST_WAIT = Duration.ofSeconds(1);

	private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);

	/** Where an error is counted. */
	private static final String WHERE = "webhook";

	private final EventStream stream;

	private final WebhookSettings settings;

	private final Webhook signer;

	private final WebhookReport report;

	private final RandomGenerator random;

	private final Clock clock;

	private final Scheduler scheduler;

	private final Errors errors;

	private final Worker worker;

	private final Worker watchdog;

	private final List<Line> lines = new ArrayList<>();

	/** Ids of what was taken and is not settled. */
	private final Set<String> held = ConcurrentHashMap.newKeySet();

	/** Whether a call for events is on its way. */
	private final AtomicBoolean taking = new AtomicBoolean();

	private volatile String cursor = EventStream.BEGIN;

	/** By the monotonic clock. */
	private volatile long namedAt;

	private volatile boolean closed;

	Webhooks(EventStream stream, WebhookSettings settings, String url, String secret, WebhookReport report,
			RandomGenerator random, Clock clock, Scheduler scheduler, Errors errors) {
		this.stream = stream;
		this.settings = settings;
		this.signer = signer(secret);
		this.report = report;
		this.random = random;
		this.clock = clock;
		this.scheduler = scheduler;
		this.errors = errors;
		this.worker = scheduler.createWorker(WHERE);
		this.watchdog = scheduler.createWorker(WHERE);
		WebhookConnection.Target target = new WebhookConnection.Target(URI.create(url), settings.allowPrivate());
		SSLSocketFactory tls = (SSLSocketFactory) SSLSocketFactory.getDefault();
		for (int i = 0; i < CONNECTIONS; i++) {
			this.lines.add(new Line(scheduler.createWorker(WHERE),
					new WebhookConnection(target, settings.timeout(), tls, this.watchdog, scheduler.ticker())));
		}
		this.namedAt = scheduler.ticker().nanoTime();
	}

	/**
	 * One way to the receiver.
	 *
	 * @param worker posts, one event after the other
	 * @param connection by which it does
	 */
	private record Line(Worker worker, WebhookConnection connection) {

	}

	/**
	 * Why an event was not accepted.
	 *
	 * @param reason why
	 * @param lasts whether another attempt would come to the same
	 */
	private record Refusal(String reason, boolean lasts) {

		static Refusal of(int status) {
			boolean passes = status == 408 || status == 425 || status == 429;
			return new Refusal("status " + status, status / 100 == 4 && !passes);
		}

	}

	private static Webhook signer(String secret) {
		try {
			return new Webhook(secret);
		}
		catch (EmptyWebhookSecretException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** Begins. */
	void start() {
		this.worker.every(POLL, POLL, this::take);
	}

	/** How many events are held. */
	int held() {
		return this.held.size();
	}

	private void take() {
		long now = this.scheduler.ticker().nanoTime();
		boolean naming = !this.held.isEmpty() && now - this.namedAt >= NAME.toNanos();
		int room = Math.min(PER_CALL, MAX_HELD - this.held.size());
		if ((room <= 0 && !naming) || !this.taking.compareAndSet(false, true)) {
			return;
		}
		boolean asked = false;
		try {
			this.stream.take(Math.max(0, room), this.cursor, naming ? List.copyOf(this.held) : List.of())
				.whenComplete((taken, failure) -> {
					this.taking.set(false);
					if (naming && failure == null) {
						this.namedAt = now;
					}
					this.errors.run(WHERE, () -> taken(taken, failure));
				});
			asked = true;
		}
		finally {
			if (!asked) {
				this.taking.set(false);
			}
		}
	}

	private void taken(@Nullable Taken taken, @Nullable Throwable failure) {
		if (taken == null) {
			noteUnexpected(failure);
			return;
		}
		this.cursor = taken.cursor();
		for (Event event : taken.events()) {
			if (this.held.add(event.id())) {
				Line line = this.lines.get(Math.floorMod(event.user().hashCode(), CONNECTIONS));
				line.worker().execute(() -> attempt(line, event, 0));
			}
		}
		if (taken.events().size() == PER_CALL) {
			this.worker.execute(this::take);
		}
	}

	private void attempt(Line line, Event event, int failures) {
		boolean done = false;
		try {
			done = tried(line, event, failures);
		}
		finally {
			if (!done) {
				// It is taken, and sent, once more, here or by another process.
				this.held.remove(event.id());
			}
		}
	}

	/** Returns whether the event is settled, or will be tried again. */
	private boolean tried(Line line, Event event, int failures) {
		Refusal refusal = post(line, event);
		if (refusal == null) {
			this.report.delivered();
			settle(event);
			return true;
		}
		if (this.closed) {
			// The end of this process cut it off: that says nothing of the receiver.
			return false;
		}
		if (mayGiveUp(event) && (refusal.lasts() || failures + 1 >= this.settings.attempts())) {
			this.report.givenUp(event.id(), refusal.reason());
			settle(event);
		}
		else {
			this.report.failed(refusal.reason());
			line.worker().schedule(wait(failures), () -> attempt(line, event, failures + 1));
		}
		return true;
	}

	/** What concerns all users is too dear to lose: it comes after a data loss. */
	private static boolean mayGiveUp(Event event) {
		return !event.user().isEmpty();
	}

	/** Returns why it was not accepted, or null. */
	private @Nullable Refusal post(Line line, Event event) {
		try {
			long seconds = this.clock.instant().getEpochSecond();
			Map<String, String> headers = new LinkedHashMap<>();
			headers.put("webhook-id", event.id());
			headers.put("webhook-timestamp", Long.toString(seconds));
			headers.put("webhook-signature", this.signer.sign(event.id(), seconds, event.body()));
			int status = line.connection().post(event.body().getBytes(StandardCharsets.UTF_8), headers);
			return (status >= 200 && status < 300) ? null : Refusal.of(status);
		}
		catch (IOException ex) {
			return new Refusal(Failures.describe(ex), false);
		}
		catch (WebhookSigningException | RuntimeException ex) {
			this.errors.note(WHERE, ex);
			return new Refusal("it could not be sent", false);
		}
	}

	/** Full jitter: many that failed at once do not come back at once. */
	private Duration wait(int failures) {
		long most = Math.min(FIRST_WAIT.toMillis() << Math.min(failures, 20), LONGEST_WAIT.toMillis());
		return Duration.ofMillis(1 + this.random.nextLong(most));
	}

	private void settle(Event event) {
		this.stream.settle(event.id()).whenComplete((settled, failure) -> {
			// Where that failed it is taken, and sent, once more.
			this.held.remove(event.id());
			noteUnexpected(failure);
		});
	}

	/** What Redis refuses or does not answer is noted by the link to it. */
	private void noteUnexpected(@Nullable Throwable failure) {
		if (failure != null && !Failures.isOfRedis(failure)) {
			this.errors.note(WHERE, failure);
		}
	}

	@Override
	public void close() {
		this.closed = true;
		this.worker.close();
		this.watchdog.close();
		for (Line line : this.lines) {
			line.worker().close();
			line.connection().close();
		}
	}

}
