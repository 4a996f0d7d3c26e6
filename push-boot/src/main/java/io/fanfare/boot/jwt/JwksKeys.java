package io.fanfare.boot.jwt;

import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetBasedJWKSource;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.OutageTolerantJWKSetSource;
import com.nimbusds.jose.proc.SecurityContext;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of a JWKS address. A worker fetches the set, at the start, at an interval and
 * when a token names a key that it lacks, but never more often than every 30 s. Nothing
 * else waits for it: all others see the last set. That one is used through an outage for
 * a set time, after which there is none. Any thread may call.
 * <p>
 * Nimbus keeps the set through an outage. Its caches are not used: with them a caller
 * blocks during a fetch, and its limit lets two fetches through.
 */
final class JwksKeys implements AutoCloseable {

	/** Between two fetches, whatever they are for. */
	static final Duration LEAST_INTERVAL = Duration.ofSeconds(30);

	/** Above it those that ask for a fetch are not told of its end. */
	private static final int MAX_WAITING = 1_000;

	private static final Logger log = LoggerFactory.getLogger(JwksKeys.class);

	private final String tokens;

	private final JwksRetriever retriever = new JwksRetriever();

	private final JwkSetReader reader;

	private final JWKSetSource<SecurityContext> source;

	/** Those of the other kind of tokens: their thumbprints. */
	private final Set<String> foreign;

	private final Duration refresh;

	private final Ticker ticker;

	private final Worker worker;

	private final Counter fetched;

	private final Counter failed;

	/** Null where there is none, or none that may still be used. */
	private volatile @Nullable KeySet present;

	private volatile long presentSince;

	/** Of the present fetch; only the worker has it. */
	private @Nullable Exception outage;

	private boolean failing;

	private LeftOut leftOut = LeftOut.NONE;

	/** Guarded by this, as is what follows. */
	private boolean fetching;

	private boolean everFetched;

	private long fetchBegan;

	private final List<Waiting> waiting = new ArrayList<>();

	/** How many keys of a set are not used. */
	private record LeftOut(int unreadable, int shared) {

		static final LeftOut NONE = new LeftOut(0, 0);

	}

	/** Who waits for a fetch. */
	private record Waiting(boolean before, Outcome outcome) {

	}

	/** Is told of the end of a fetch. */
	@FunctionalInterface
	interface Outcome {

		/**
		 * Is told.
		 * @param certain whether the present set was published after it was asked for
		 */
		void done(boolean certain);

	}

	/**
	 * Has fetched nothing yet.
	 * @param tokens which tokens the keys are for: {@code stream} or {@code api}
	 * @param uri the address
	 * @param refresh how often it is fetched
	 * @param tolerance how long a set is used that could not be fetched again
	 * @param foreign keys that verify the other kind of tokens, and are none of these
	 * @param scheduler runs fetches
	 * @param registry has the meters
	 */
	JwksKeys(String tokens, URI uri, Duration refresh, Duration tolerance, List<JWK> foreign, Scheduler scheduler,
			MeterRegistry registry) {
		this.tokens = tokens;
		this.refresh = refresh;
		this.ticker = scheduler.ticker();
		this.worker = scheduler.createWorker("jwks");
		this.foreign = Set.copyOf(foreign.stream().map(KeyReader::print).toList());
		this.reader = new JwkSetReader(url(uri), this.retriever);
		this.source = source(tolerance);
		this.fetched = counter(registry, "ok");
		this.failed = counter(registry, "failed");
		TimeGauge.builder("fanfare.jwks.age", this, TimeUnit.SECONDS, JwksKeys::age)
			.description("How long ago the present JWK set was fetched")
			.tag("tokens", tokens)
			.register(registry);
	}

	private static URL url(URI uri) {
		try {
			return uri.toURL();
		}
		catch (MalformedURLException ex) {
			throw new IllegalArgumentException(ex);
		}
	}

	private JWKSetSource<SecurityContext> source(Duration tolerance) {
		JWKSource<SecurityContext> built = JWKSourceBuilder.create(this.reader)
			.cache(false)
			.refreshAheadCache(false)
			.rateLimited(false)
			.retrying(false)
			.outageTolerant(tolerance.toMillis(), (event) -> {
				if (event instanceof OutageTolerantJWKSetSource.OutageEvent<SecurityContext> outage) {
					this.outage = outage.getException();
				}
			})
			.build();
		return ((JWKSetBasedJWKSource<SecurityContext>) built).getJWKSetSource();
	}

	private Counter counter(MeterRegistry registry, String outcome) {
		return Counter.builder("fanfare.jwks.fetches")
			.description("Fetches of the JWK set")
			.tag("tokens", this.tokens)
			.tag("outcome", outcome)
			.register(registry);
	}

	private double age() {
		return (this.present != null) ? TimeUnit.NANOSECONDS.toSeconds(this.ticker.nanoTime() - this.presentSince)
				: Double.NaN;
	}

	/** Fetches the set for the first time, and again and again. */
	void start() {
		this.worker.execute(this::fetchAndAgain);
	}

	private void fetchAndAgain() {
		try {
			if (begins()) {
				fetch();
			}
		}
		finally {
			this.worker.schedule(this.failing ? LEAST_INTERVAL : this.refresh, this::fetchAndAgain);
		}
	}

	/**
	 * The set.
	 * @return the last one that was fetched, or null if there is none or it is too old
	 */
	@Nullable KeySet present() {
		return this.present;
	}

	/**
	 * Fetches the set anew, if it may be.
	 * @param outcome is told: at once where it may not be, else later by another thread
	 */
	void refresh(Outcome outcome) {
		synchronized (this) {
			boolean begins = !this.fetching && isDue();
			if ((begins || this.fetching) && this.waiting.size() < MAX_WAITING) {
				this.waiting.add(new Waiting(begins, outcome));
				if (begins) {
					begin();
					this.worker.execute(this::fetch);
				}
				return;
			}
		}
		outcome.done(false);
	}

	private synchronized boolean begins() {
		boolean begins = !this.fetching && isDue();
		if (begins) {
			begin();
		}
		return begins;
	}

	private boolean isDue() {
		return !this.everFetched || this.ticker.nanoTime() - this.fetchBegan >= LEAST_INTERVAL.toNanos();
	}

	private void begin() {
		this.fetching = true;
		this.everFetched = true;
		this.fetchBegan = this.ticker.nanoTime();
	}

	private void fetch() {
		boolean good = false;
		try {
			good = read();
		}
		finally {
			List<Waiting> done;
			synchronized (this) {
				this.fetching = false;
				done = List.copyOf(this.waiting);
				this.waiting.clear();
			}
			boolean certain = good;
			// Each behind the barrier of the worker: one that throws keeps no answer from
			// others.
			done.forEach((one) -> this.worker.execute(() -> one.outcome().done(certain && one.before())));
		}
	}

	private boolean read() {
		this.outage = null;
		KeySet set = null;
		Exception failure = null;
		try {
			JWKSet read = this.source.getJWKSet(JWKSetCacheRefreshEvaluator.noRefresh(),
					TimeUnit.NANOSECONDS.toMillis(this.ticker.nanoTime()), null);
			failure = this.outage;
			set = (failure != null) ? this.present : ownKeys(read.getKeys());
		}
		catch (KeySourceException | RuntimeException ex) {
			failure = ex;
		}
		if (failure == null) {
			this.presentSince = this.ticker.nanoTime();
			this.fetched.increment();
		}
		else {
			this.failed.increment();
		}
		report(set, failure);
		this.present = set;
		this.failing = failure != null;
		return failure == null;
	}

	private KeySet ownKeys(List<JWK> read) {
		List<JWK> own = read.stream().filter((key) -> !this.foreign.contains(KeyReader.print(key))).toList();
		LeftOut now = new LeftOut(this.reader.unreadable(), read.size() - own.size());
		if (!now.equals(this.leftOut)) {
			log.warn("jwks=left-out tokens={} unreadable={} shared={}", this.tokens, now.unreadable(), now.shared());
			this.leftOut = now;
		}
		return KeySet.ofPublic(own);
	}

	/** A line for each fetch that failed, and for each change. */
	private void report(@Nullable KeySet set, @Nullable Exception failure) {
		if (failure != null) {
			log.warn("jwks=failed tokens={} in-use={} reason=\"{}\"", this.tokens, (set != null) ? set.size() : "none",
					reason(failure));
		}
		else if (set != null && (this.failing || this.present == null || this.present.size() != set.size())) {
			log.info("jwks=fetched tokens={} keys={}", this.tokens, set.size());
		}
	}

	/** The address may hold a credential, and so may a message that repeats it. */
	private static String reason(Throwable failure) {
		Throwable root = failure;
		while (root.getCause() != null && root.getCause() != root) {
			root = root.getCause();
		}
		return (root.getClass() == java.io.IOException.class) ? String.valueOf(root.getMessage())
				: root.getClass().getSimpleName();
	}

	@Override
	public void close() {
		this.worker.close();
		this.retriever.close();
	}

}
