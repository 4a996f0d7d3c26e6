package io.fanfare.api.tail;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import io.fanfare.redis.cluster.NodeCalls;
import io.fanfare.redis.cluster.TailFrame;
import org.jspecify.annotations.Nullable;

/**
 * One tail: a bounded queue between the link to Redis, which never waits for it, and the
 * request that reads it. Where the request does not read fast enough the oldest copies
 * are dropped; the numbers of those that follow show how many. Any thread may call.
 */
final class Tail implements NodeCalls.TailReceiver {

	static final int MAX_ITEMS = 1000;

	static final int MAX_BYTES = 1024 * 1024;

	private final String id;

	private final String user;

	private final ReentrantLock lock = new ReentrantLock();

	private final Condition some = this.lock.newCondition();

	/** Guarded by the lock, as all that follows. */
	private final Deque<TailItem> items = new ArrayDeque<>();

	/** Nothing follows the end. */
	private boolean over;

	private int bytes;

	/** The connections that were reported to be copied, and are not over. */
	private final Set<String> found = new HashSet<>();

	/** Those that ended last: an end may come again, as its node cannot be sure. */
	private final LinkedHashSet<String> ended = new LinkedHashSet<>();

	/** Connection to the first block that was dropped of it since one was taken. */
	private final Map<String, Long> missing = new HashMap<>();

	/**
	 * The ends of streams whose last copies were dropped, without these. They come before
	 * all else: of their streams nothing is left in the queue.
	 */
	private final Deque<TailItem.Copies> endings = new ArrayDeque<>();

	/** The nodes that were reported not to answer, and did not since. */
	private final Set<String> unanswered = new HashSet<>();

	Tail(String id, String user) {
		this.id = id;
		this.user = user;
	}

	String id() {
		return this.id;
	}

	String user() {
		return this.user;
	}

	@Override
	public void received(TailFrame copies) {
		this.lock.lock();
		try {
			String connection = copies.connection();
			if (this.ended.contains(connection)) {
				return;
			}
			find(connection);
			add(new TailItem.Copies(copies, copies.first() - copies.dropped()));
			if (copies.ended() != null) {
				this.found.remove(connection);
				this.ended.add(connection);
				if (this.ended.size() > MAX_ITEMS) {
					this.ended.removeFirst();
				}
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	public void lost() {
		this.lock.lock();
		try {
			add(new TailItem.Interrupted());
		}
		finally {
			this.lock.unlock();
		}
	}

	/** Nothing that waits is shown to a caller who may not see it any more. */
	void end(TailEnd reason) {
		this.lock.lock();
		try {
			if (reason == TailEnd.CREDENTIAL && !this.over) {
				this.items.clear();
				this.endings.clear();
				this.bytes = 0;
			}
			add(new TailItem.End(reason));
		}
		finally {
			this.lock.unlock();
		}
	}

	/** A node copies a connection. */
	void found(String connection) {
		this.lock.lock();
		try {
			find(connection);
		}
		finally {
			this.lock.unlock();
		}
	}

	/** Whether a node took the order. */
	void answered(String node, boolean did) {
		this.lock.lock();
		try {
			if (did) {
				this.unanswered.remove(node);
			}
			else if (this.unanswered.add(node)) {
				add(new TailItem.Unanswered(node));
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	private void find(String connection) {
		if (this.found.add(connection)) {
			add(new TailItem.Found(connection));
		}
	}

	private void add(TailItem item) {
		if (this.over) {
			return;
		}
		this.over = item instanceof TailItem.End;
		this.items.add(item);
		this.bytes += item.size();
		while (this.items.size() > MAX_ITEMS || this.bytes > MAX_BYTES && this.items.size() > 1) {
			TailItem oldest = this.items.remove();
			this.bytes -= oldest.size();
			if (oldest instanceof TailItem.Copies copies) {
				drop(copies);
			}
		}
		this.some.signal();
	}

	private void drop(TailItem.Copies copies) {
		TailFrame frame = copies.frame();
		if (frame.ended() == null) {
			this.missing.putIfAbsent(frame.connection(), copies.from());
			return;
		}
		Long from = this.missing.remove(frame.connection());
		this.endings.add(new TailItem.Copies(frame.withoutBlocks(), (from != null) ? from : copies.from()));
		if (this.endings.size() > MAX_ITEMS) {
			this.endings.remove();
		}
	}

	/**
	 * Takes what came first.
	 * @param nanos how long to wait for it
	 * @return it, or null if nothing came
	 */
	@Nullable TailItem take(long nanos) throws InterruptedException {
		this.lock.lock();
		try {
			if (!this.endings.isEmpty()) {
				return this.endings.remove();
			}
			long left = nanos;
			while (this.items.isEmpty() && left > 0) {
				left = this.some.awaitNanos(left);
			}
			TailItem item = this.items.poll();
			this.bytes -= (item != null) ? item.size() : 0;
			if (item instanceof TailItem.Copies copies) {
				Long from = this.missing.remove(copies.frame().connection());
				return (from != null) ? new TailItem.Copies(copies.frame(), from) : copies;
			}
			return item;
		}
		finally {
			this.lock.unlock();
		}
	}

}
