package io.fanfare.api.json;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.http.BoundedHttp11Protocol;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;

/**
 * Reads a body as it arrives: no byte further than it may be long, no more at once than
 * the budget has room for, and no longer than it may take.
 */
final class BodyReader {

	/** What nearly all bodies fit into. */
	private static final int FIRST = 4 * 1024;

	/** A longer array would take whole regions of G1's heap, up to twice its length. */
	private static final int PIECE = 64 * 1024;

	private final int max;

	private final BodyBudget budget;

	private final Ticker ticker;

	BodyReader(int max, BodyBudget budget, Ticker ticker) {
		this.max = max;
		this.budget = budget;
		this.ticker = ticker;
	}

	/**
	 * Reads a body to its end.
	 * @param in where it arrives
	 * @param read takes room for what it holds from now on, before the room that it took
	 * while it arrived is given back
	 * @return the body
	 */
	byte[] read(InputStream in, Consumer<byte[]> read) throws IOException {
		long began = this.ticker.nanoTime();
		List<byte[]> pieces = new ArrayList<>();
		byte[] piece = new byte[Math.min(FIRST, this.max + 1)];
		int filled = 0;
		int length = 0;
		int held = 0;
		try {
			while (true) {
				int more = in.read(piece, filled, Math.min(piece.length - filled, this.max + 1 - length));
				if (more < 0) {
					if (!pieces.isEmpty()) {
						this.budget.receive(length);
						held += length;
					}
					byte[] body = joined(pieces, piece, length);
					read.accept(body);
					return body;
				}
				filled += more;
				length += more;
				if (length > this.max) {
					throw tooLarge();
				}
				Duration time = BoundedHttp11Protocol.bodyTime(length);
				if (this.ticker.nanoTime() - began > time.toNanos()) {
					throw tooSlow();
				}
				if (filled == piece.length) {
					int next = Math.min(PIECE, 2 * filled);
					this.budget.receive(next);
					held += next;
					pieces.add(piece);
					piece = new byte[next];
					filled = 0;
				}
			}
		}
		finally {
			this.budget.received(held);
		}
	}

	private static byte[] joined(List<byte[]> pieces, byte[] last, int length) {
		byte[] body = new byte[length];
		int at = 0;
		for (byte[] piece : pieces) {
			System.arraycopy(piece, 0, body, at, piece.length);
			at += piece.length;
		}
		System.arraycopy(last, 0, body, at, length - at);
		return body;
	}

	ProblemException tooLarge() {
		return ProblemException.of(ProblemType.CONTENT_TOO_LARGE, "The request body exceeds " + this.max + " bytes");
	}

	private static ProblemException tooSlow() {
		return ProblemException
			.of(Problem.of(ProblemType.REFUSED, "The body did not arrive in time")
				.withStatus(HttpStatus.REQUEST_TIMEOUT.value()))
			.with(HttpHeaders.CONNECTION, "close");
	}

}
