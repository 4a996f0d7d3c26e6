package io.fanfare.redis;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * An empty partition of its own beside that of the installation, {@code {scratch-<hex>}},
 * on which everything works and nothing lasts: its keys end by themselves, also when the
 * process is killed. Ids, presence and histories of the installation know nothing of it.
 * <p>
 * It has a link of its own, because a link sends the highest id that it has seen, and
 * that of the installation lies above the clock of this partition. What is stored here
 * with an expiry of its own should have one of at most {@link #REST}.
 */
public final class ScratchPartition implements AutoCloseable {

	/** How long the keys live after the partition was closed or should have been. */
	public static final Duration REST = Duration.ofSeconds(30);

	private static final Duration TIMEOUT = Duration.ofSeconds(2);

	private final CommandLink installation;

	private final RedisKeys keys;

	private final CommandLink link;

	private ScratchPartition(CommandLink installation, RedisKeys keys, Duration use) {
		this.installation = installation;
		this.keys = keys;
		expireAfter(use.plus(REST));
		this.link = installation.to(keys);
	}

	/**
	 * Opens one. Waits for Redis, as {@link #close} does.
	 * @param link the link of the installation
	 * @param installation the keys of the installation
	 * @param use how long it will be used at most
	 * @return the partition
	 * @throws RedisUnavailableException if Redis does not answer
	 */
	public static ScratchPartition open(CommandLink link, RedisKeys installation, Duration use) {
		String name = "scratch-" + HexFormat.of().toHexDigits(new SecureRandom().nextLong());
		ScratchPartition scratch = new ScratchPartition(link, installation.partition(name), use);
		try {
			if (scratch.link.awaitUp(TIMEOUT)) {
				return scratch;
			}
		}
		catch (UnfitRedisException ex) {
			scratch.link.close();
			throw ex;
		}
		scratch.link.close();
		throw new RedisUnavailableException("Redis did not answer in time", null);
	}

	/** The names of its keys and channels. */
	public RedisKeys keys() {
		return this.keys;
	}

	/** The link that is to be used with these keys, and with no others. */
	public CommandLink link() {
		return this.link;
	}

	/** Ends the link, and the keys after {@link #REST}. */
	@Override
	public void close() {
		this.link.close();
		expireAfter(REST);
	}

	private void expireAfter(Duration life) {
		byte[][] scriptKeys = { this.keys.clock(), this.keys.run(), this.keys.since(), this.keys.last(),
				this.keys.presence(), this.keys.renewals() };
		try {
			this.installation
				.run(Script.OPEN_PARTITION, scriptKeys,
						(run) -> new byte[][] { run, RedisKeys.bytes(Long.toString(life.toMillis())) })
				.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (ExecutionException | TimeoutException ex) {
			throw new RedisUnavailableException(Failures.describe(ex), ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new RedisUnavailableException("The process stops", ex);
		}
	}

}
