package io.fanfare.api.tail;

import java.io.IOException;
import java.io.OutputStream;

import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.http.BoundedHttp11Protocol;

/**
 * Writes a tail in small pieces, and looks before each whether it goes on: a caller that
 * reads slowly can stretch one item beyond the end of the tail, or of its credential. An
 * item may take as long as any body. Belongs to the thread of its tail.
 */
final class PacedOutput extends OutputStream {

	/** What Tomcat's buffer takes. The write of a piece ends after 10 s. */
	static final int PIECE = 8 * 1024;

	private final OutputStream out;

	private final TailLife life;

	private final Ticker ticker;

	/** When the first piece since the last flush was to be written. */
	private long began;

	private long passed;

	PacedOutput(OutputStream out, TailLife life, Ticker ticker) {
		this.out = out;
		this.life = life;
		this.ticker = ticker;
	}

	@Override
	public void write(int value) throws IOException {
		write(new byte[] { (byte) value }, 0, 1);
	}

	@Override
	public void write(byte[] bytes, int offset, int length) throws IOException {
		for (int i = 0; i < length; i += PIECE) {
			int piece = Math.min(PIECE, length - i);
			look();
			this.out.write(bytes, offset + i, piece);
			this.passed += piece;
		}
	}

	private void look() throws TailOverException {
		long now = this.ticker.nanoTime();
		if (this.passed == 0) {
			this.began = now;
		}
		else {
			this.life.requireWithinItem(now);
		}
		if (now - this.began > BoundedHttp11Protocol.bodyTime(this.passed).toNanos()) {
			throw new TailOverException(TailEnd.CALLER);
		}
	}

	@Override
	public void flush() throws IOException {
		this.out.flush();
		this.passed = 0;
	}

}
