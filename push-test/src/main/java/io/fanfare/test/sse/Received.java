package io.fanfare.test.sse;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * Everything that a client has received, for those who wait for more of it. The fields
 * are read and written under the lock: in {@link #locked}, in conditions that are waited
 * for, and by the listener.
 */
final class Received implements SseStream.Listener {

	private final ReentrantLock lock = new ReentrantLock();

	/**
	 * Signalled with every change of the fields below, which {@link #lock} guards.
	 */
	private final Condition changed = this.lock.newCondition();

	final ByteArrayOutputStream body = new ByteArrayOutputStream();

	final ByteArrayOutputStream content = new ByteArrayOutputStream();

	final ByteArrayOutputStream surplus = new ByteArrayOutputStream();

	final List<Long> chunks = new ArrayList<>();

	final List<SseBlock> blocks = new ArrayList<>();

	final List<String> comments = new ArrayList<>();

	int status;

	@Nullable HttpHeaders headers;

	@Nullable End end;

	@Nullable Exception cause;

	boolean disconnected;

	/**
	 * How many blocks the waiting methods have passed.
	 */
	int passed;

	boolean seek(Predicate<SseBlock> wanted) {
		while (this.passed < this.blocks.size()) {
			if (wanted.test(this.blocks.get(this.passed++))) {
				return true;
			}
		}
		return false;
	}

	void await(BooleanSupplier condition, Duration atMost, String what) {
		if (!waitFor(condition, atMost, () -> this.disconnected)) {
			throw new AssertionError("No " + what + " within " + atMost + ": " + this);
		}
	}

	/**
	 * Waits for a condition, or for another after which waiting is in vain.
	 */
	boolean waitFor(BooleanSupplier condition, Duration atMost, BooleanSupplier inVain) {
		this.lock.lock();
		try {
			long left = atMost.toNanos();
			while (!condition.getAsBoolean()) {
				if (left <= 0 || inVain.getAsBoolean()) {
					return false;
				}
				left = this.changed.awaitNanos(left);
			}
			return true;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted", ex);
		}
		finally {
			this.lock.unlock();
		}
	}

	private void set(Runnable change) {
		this.lock.lock();
		try {
			change.run();
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	<T extends @Nullable Object> T locked(Supplier<T> read) {
		this.lock.lock();
		try {
			return read.get();
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	public String toString() {
		return locked(() -> "SseClient[status=" + this.status + ", end=" + this.end + ", cause=" + this.cause
				+ ", passed=" + this.passed + " of " + this.blocks.size() + " blocks, last of them "
				+ this.blocks.subList(Math.max(0, this.blocks.size() - 10), this.blocks.size()) + "]");
	}

	@Override
	public void head(int status, HttpHeaders headers) {
		set(() -> {
			this.status = status;
			this.headers = headers;
		});
	}

	@Override
	public void chunk(long size) {
		set(() -> this.chunks.add(size));
	}

	@Override
	public void body(byte[] bytes, int length) {
		set(() -> this.body.write(bytes, 0, length));
	}

	@Override
	public void content(byte[] bytes, int length) {
		set(() -> this.content.write(bytes, 0, length));
	}

	@Override
	public void block(SseBlock block) {
		set(() -> this.blocks.add(block));
	}

	@Override
	public void comment(String comment) {
		set(() -> this.comments.add(comment));
	}

	@Override
	public void end(End how, @Nullable Exception cause) {
		set(() -> {
			this.end = how;
			this.cause = cause;
		});
	}

	@Override
	public void surplus(byte[] bytes, int length) {
		set(() -> this.surplus.write(bytes, 0, length));
	}

	@Override
	public void disconnected() {
		set(() -> this.disconnected = true);
	}

}
