package io.fanfare.api.channel;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.history.History;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestEvent;
import jakarta.servlet.ServletRequestListener;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;

/**
 * Bounds the memory of all pages of history together: how many are read from Redis at
 * once, and how many bytes are held by those that are being written. A page counts until
 * its client has read it. A request that finds no room within a second is answered 503.
 * Any thread may call.
 */
@Component
final class PageBudget implements ServletRequestListener {

	/** The pages that are written may hold an eighth of the heap. */
	private static final int WRITTEN_SHARE = 8;

	/** One page may be read for each so many bytes of the heap: it has up to 3 MiB. */
	private static final long HEAP_PER_READ = 32 * 1024 * 1024;

	private static final int MIN_READS = 2;

	private static final int MAX_READS = 32;

	/**
	 * How many times an answer is in memory while it is built: a buffer that grows, and
	 * the one that it grows into, which is twice as long.
	 */
	private static final int JSON_COPIES = 3;

	/** The data as bytes, and as text of two bytes per character. */
	private static final int DATA_COPIES = 3;

	/** The objects of a message, and its names in the answer. */
	private static final int MESSAGE_BYTES = 768;

	/** What a control character becomes: a backslash, u and four digits. */
	private static final int ESCAPED_CONTROL = 6;

	private static final int UNIT = 1024;

	private static final long PATIENCE_MS = 1_000;

	private static final String WRITTEN = PageBudget.class.getName() + ".written";

	private final Function<CompletableFuture<History.Page>, History.Page> await;

	private final Semaphore reads;

	private final Semaphore written;

	private final int writtenUnits;

	@Autowired
	PageBudget(RedisCalls calls) {
		this(calls::await, Runtime.getRuntime().maxMemory());
	}

	PageBudget(Function<CompletableFuture<History.Page>, History.Page> await, long heap) {
		this.await = await;
		this.reads = new Semaphore(Math.clamp(heap / HEAP_PER_READ, MIN_READS, MAX_READS), true);
		this.writtenUnits = units(heap / WRITTEN_SHARE);
		// In order, or small pages would keep a large one waiting for ever
		this.written = new Semaphore(this.writtenUnits, true);
	}

	private static int units(long bytes) {
		return Math.clamp(Math.ceilDiv(bytes, UNIT), 1, Integer.MAX_VALUE);
	}

	/**
	 * Reads a page, and takes room for its answer until the request ends.
	 * @param request the request for it
	 * @param read begins to read it
	 * @return the page
	 * @throws ProblemException where there is no room, or Redis does not answer
	 */
	History.Page read(ServletRequest request, Supplier<CompletableFuture<History.Page>> read) {
		take(this.reads, 1);
		CompletableFuture<?> reading = CompletableFuture.completedFuture(null);
		try {
			CompletableFuture<History.Page> page = read.get();
			reading = page;
			History.Page answer = this.await.apply(page);
			int units = Math.min(this.writtenUnits, units(weight(answer.entries())));
			take(this.written, units);
			request.setAttribute(WRITTEN, units);
			return answer;
		}
		finally {
			// One that was not awaited to its end still arrives
			reading.whenComplete((page, failure) -> this.reads.release());
		}
	}

	@Override
	public void requestDestroyed(ServletRequestEvent event) {
		@Nullable Object units = event.getServletRequest().getAttribute(WRITTEN);
		if (units instanceof Integer held) {
			event.getServletRequest().removeAttribute(WRITTEN);
			this.written.release(held);
		}
	}

	private static void take(Semaphore room, int units) {
		try {
			if (!room.tryAcquire(units, PATIENCE_MS, TimeUnit.MILLISECONDS)) {
				throw noRoom();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw noRoom();
		}
	}

	/** What a page holds at most until its answer is written. */
	static long weight(List<History.Entry> entries) {
		long weight = 0;
		for (History.Entry entry : entries) {
			byte[] data = entry.envelope().data();
			long json = 0;
			for (byte c : data) {
				json += (c >= 0 && c < ' ') ? ESCAPED_CONTROL : (c == '"' || c == '\\') ? 2 : 1;
			}
			weight += MESSAGE_BYTES + (long) DATA_COPIES * data.length + JSON_COPIES * json;
		}
		return weight;
	}

	private static ProblemException noRoom() {
		return ProblemException.of(ProblemType.OVERLOADED, "Too many pages of history are on their way: repeat it")
			.with(HttpHeaders.RETRY_AFTER, "2");
	}

}
