package io.fanfare.redis;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.sentinel.api.StatefulRedisSentinelConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the sentinels every second who is the master, and ends the links of the process
 * when they name another one: the old one may take writes for some seconds more, and
 * connections to it stay open. A {@link Worker} of its own asks.
 */
public final class SentinelWatch implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(SentinelWatch.class);

	private static final Duration INTERVAL = Duration.ofSeconds(1);

	private static final Duration TIMEOUT = Duration.ofSeconds(1);

	private final RedisClient client;

	private final RedisURI sentinels;

	private final CommandLink link;

	private final Worker worker;

	private volatile boolean closed;

	/** What follows belongs to the worker. */
	private volatile @Nullable StatefulRedisSentinelConnection<String, String> connection;

	private String master = "";

	private String lastFailure = "";

	/**
	 * Begins to ask.
	 * @param client the client, which stays the caller's to shut down
	 * @param sentinels where the sentinels are, and the name of the master
	 * @param link the link that is ended, and with it those that follow it
	 * @param scheduler runs what the watch does
	 */
	public SentinelWatch(RedisClient client, RedisURI sentinels, CommandLink link, Scheduler scheduler) {
		this.client = client;
		this.sentinels = sentinels;
		// One that does not answer must not keep the others from being asked.
		sentinels.setTimeout(TIMEOUT);
		sentinels.getSentinels().forEach((sentinel) -> sentinel.setTimeout(TIMEOUT));
		this.link = link;
		this.worker = scheduler.createWorker("sentinels");
		this.worker.every(Duration.ZERO, INTERVAL, this::look);
	}

	private void look() {
		try {
			String now = ask();
			if (!this.master.isEmpty() && !now.equals(this.master)) {
				log.warn("redis=moved from={} to={}", this.master, now);
				this.link.masterChanged("the sentinels name another master");
			}
			this.master = now;
			this.lastFailure = "";
		}
		catch (InterruptedException ex) {
			forget();
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException | RuntimeException ex) {
			forget();
			String failure = Failures.describe(ex);
			if (!failure.equals(this.lastFailure) && !this.closed) {
				log.warn("redis=unwatched reason=\"{}\"", failure);
				this.lastFailure = failure;
			}
			if (!Failures.isOfRedis(ex)) {
				throw new IllegalStateException("The sentinels could not be asked", ex);
			}
		}
		finally {
			if (this.closed) {
				forget();
			}
		}
	}

	private String ask() throws ExecutionException, TimeoutException, InterruptedException {
		StatefulRedisSentinelConnection<String, String> present = this.connection;
		if (present == null || !present.isOpen()) {
			forget();
			present = this.client.connectSentinel(StringCodec.UTF8, this.sentinels);
			this.connection = present;
		}
		SocketAddress address = present.async()
			.getMasterAddrByName(this.sentinels.getSentinelMasterId())
			.toCompletableFuture()
			.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		if (!(address instanceof InetSocketAddress master)) {
			throw new RedisUnavailableException("The sentinels do not know " + this.sentinels.getSentinelMasterId(),
					null);
		}
		return master.getHostString() + ":" + master.getPort();
	}

	private void forget() {
		StatefulRedisSentinelConnection<String, String> present = this.connection;
		this.connection = null;
		if (present != null) {
			present.closeAsync();
		}
	}

	@Override
	public void close() {
		this.closed = true;
		this.worker.close();
		forget();
	}

}
