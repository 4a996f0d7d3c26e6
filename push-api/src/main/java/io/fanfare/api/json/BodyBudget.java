package io.fanfare.api.json;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ProblemType;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestEvent;
import jakarta.servlet.ServletRequestListener;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;

/**
 * Bounds what all bodies hold at once, in bytes: those that arrive, and those that are
 * read as JSON, which hold many times as much. A request for which there is no room is
 * refused with 503, so the process does not run out of memory however many bodies are
 * sent. Any thread may call.
 */
@Component
final class BodyBudget implements ServletRequestListener {

	/** The heap has room for eight times as much as bodies that arrive may hold. */
	private static final int RECEIVED_SHARE = 8;

	/** The heap has room for three times as much as values that were read may hold. */
	private static final int READ_SHARE = 3;

	/**
	 * What a value holds at most, beside its text: a node, a number, a place in a list.
	 */
	private static final int VALUE_BYTES = 112;

	/** The body, its text, and the texts in it. */
	private static final int TEXT_COPIES = 5;

	private static final int UNIT = 1024;

	private static final long PATIENCE_MS = 1_000;

	private static final String READ = BodyBudget.class.getName() + ".read";

	private final Semaphore received;

	private final Semaphore read;

	private final int readUnits;

	BodyBudget() {
		this(Runtime.getRuntime().maxMemory());
	}

	BodyBudget(long heap) {
		this.received = new Semaphore(units(heap / RECEIVED_SHARE));
		this.readUnits = units(heap / READ_SHARE);
		// In order, or small bodies would keep a large one waiting for ever
		this.read = new Semaphore(this.readUnits, true);
	}

	private static int units(long bytes) {
		return Math.clamp(Math.ceilDiv(bytes, UNIT), 0, Integer.MAX_VALUE);
	}

	/** Room for bytes that arrive, to be given back. */
	void receive(int bytes) {
		if (!this.received.tryAcquire(units(bytes))) {
			throw noRoom();
		}
	}

	void received(int bytes) {
		this.received.release(units(bytes));
	}

	/**
	 * Room for what a body holds when it is read, until the request ends. Waits a moment
	 * for it.
	 */
	void read(byte[] body, ServletRequest request) {
		int units = Math.min(this.readUnits, units(weight(body)));
		try {
			if (!this.read.tryAcquire(units, PATIENCE_MS, TimeUnit.MILLISECONDS)) {
				throw noRoom();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw noRoom();
		}
		request.setAttribute(READ, units);
	}

	@Override
	public void requestDestroyed(ServletRequestEvent event) {
		@Nullable Object units = event.getServletRequest().getAttribute(READ);
		if (units instanceof Integer held) {
			event.getServletRequest().removeAttribute(READ);
			this.read.release(held);
		}
	}

	/** What a body holds at most when it is read, by the values that it can have. */
	private static long weight(byte[] body) {
		long values = 1;
		for (byte c : body) {
			if (c == ',' || c == ':' || c == '[' || c == '{') {
				values++;
			}
		}
		return values * VALUE_BYTES + (long) TEXT_COPIES * body.length;
	}

	private static ProblemException noRoom() {
		return ProblemException.of(ProblemType.OVERLOADED, "Too many bodies are on their way: repeat it")
			.with(HttpHeaders.RETRY_AFTER, "2");
	}

}
