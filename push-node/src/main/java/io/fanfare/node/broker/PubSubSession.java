package io.fanfare.node.broker;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

import io.fanfare.protocol.guard.Ticker;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import org.jspecify.annotations.Nullable;

/**
 * One connection of the pub/sub link to Redis. As a listener it runs on Lettuce's event
 * loop, where what is thrown would end Lettuce's reading; the rest belongs to the link's
 * worker.
 */
final class PubSubSession extends RedisPubSubAdapter<byte[], byte[]> {

	private final StatefulRedisPubSubConnection<byte[], byte[]> connection;

	private final String run;

	private final FrameReader frames;

	private final Consumer<PubSubSession> answered;

	private final Ticker ticker;

	private volatile boolean over;

	/** Whether anything came since the last check. */
	private volatile boolean heard;

	/** Channels whose SUBSCRIBE was answered. */
	private final Queue<byte[]> answers = new ConcurrentLinkedQueue<>();

	private final AtomicBoolean answering = new AtomicBoolean();

	/** When a subscription was answered last, or the first was sent. */
	private long progressedNanos;

	/**
	 * Makes a session.
	 * @param connection the connection
	 * @param run which server it reached
	 * @param frames reads what arrives
	 * @param answered is notified, on Lettuce's event loop, that answers are to be taken
	 * @param ticker the clock by which subscriptions are late
	 */
	PubSubSession(StatefulRedisPubSubConnection<byte[], byte[]> connection, String run, FrameReader frames,
			Consumer<PubSubSession> answered, Ticker ticker) {
		this.connection = connection;
		this.run = run;
		this.frames = frames;
		this.answered = answered;
		this.ticker = ticker;
		this.progressedNanos = ticker.nanoTime();
	}

	StatefulRedisPubSubConnection<byte[], byte[]> connection() {
		return this.connection;
	}

	String run() {
		return this.run;
	}

	/** Nothing that still arrives over it is read. */
	void end() {
		this.over = true;
	}

	void progressed() {
		this.progressedNanos = this.ticker.nanoTime();
	}

	long progressedNanos() {
		return this.progressedNanos;
	}

	boolean isHeard() {
		return this.heard;
	}

	void forgetHeard() {
		this.heard = false;
	}

	private void heard() {
		if (!this.heard) {
			this.heard = true;
		}
	}

	@Override
	public void message(byte[] channel, byte[] bytes) {
		heard();
		if (!this.over) {
			this.frames.receive(channel, bytes);
		}
	}

	@Override
	public void subscribed(byte[] channel, long count) {
		heard();
		this.answers.add(channel);
		if (this.answering.compareAndSet(false, true)) {
			this.answered.accept(this);
		}
	}

	/** The answers are about to be taken: later ones are reported anew. */
	void takeAnswers() {
		this.answering.set(false);
	}

	/** A channel whose SUBSCRIBE was answered, or null. */
	byte @Nullable [] nextAnswer() {
		return this.answers.poll();
	}

}
