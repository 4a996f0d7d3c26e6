package io.fanfare.test.sse;

import java.net.ProtocolException;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Decodes a gzip stream (RFC 1952) as its bytes come: what can be told of what came is
 * told at once. Takes the plain header alone, and checks the trailer.
 */
final class Gunzip {

	private static final byte[] HEADER = { 0x1f, (byte) 0x8b, 8, 0 };

	private static final int HEADER_LENGTH = 10;

	private static final int TRAILER_LENGTH = 8;

	private final Inflater inflater = new Inflater(true);

	private final CRC32 crc = new CRC32();

	private final byte[] plain = new byte[16 * 1024];

	private final byte[] trailer = new byte[TRAILER_LENGTH];

	private int headerRead;

	private int trailerRead;

	/** Takes what is decoded. */
	interface Sink {

		void plain(byte[] bytes, int length);

	}

	/**
	 * Decodes the next bytes.
	 * @throws ProtocolException if they are wrong
	 */
	void read(byte[] bytes, int length, Sink sink) throws ProtocolException {
		int at = 0;
		while (at < length && this.headerRead < HEADER_LENGTH) {
			if (this.headerRead < HEADER.length && bytes[at] != HEADER[this.headerRead]) {
				throw new ProtocolException("The header of a gzip stream");
			}
			this.headerRead++;
			at++;
		}
		if (!this.inflater.finished()) {
			this.inflater.setInput(bytes, at, length - at);
			at = length;
			inflate(sink);
			if (!this.inflater.finished()) {
				return;
			}
			at -= this.inflater.getRemaining();
		}
		readTrailer(Arrays.copyOfRange(bytes, at, length));
	}

	private void inflate(Sink sink) throws ProtocolException {
		try {
			int read = this.inflater.inflate(this.plain);
			while (read > 0) {
				this.crc.update(this.plain, 0, read);
				sink.plain(this.plain, read);
				read = this.inflater.inflate(this.plain);
			}
		}
		catch (DataFormatException ex) {
			throw new ProtocolException("Deflate: " + ex.getMessage());
		}
	}

	private void readTrailer(byte[] rest) throws ProtocolException {
		if (this.trailerRead + rest.length > TRAILER_LENGTH) {
			throw new ProtocolException("Something follows the trailer of a gzip stream");
		}
		System.arraycopy(rest, 0, this.trailer, this.trailerRead, rest.length);
		this.trailerRead += rest.length;
		if (this.trailerRead == TRAILER_LENGTH
				&& (number(0) != this.crc.getValue() || number(4) != (this.inflater.getBytesWritten() & 0xFFFFFFFFL))) {
			throw new ProtocolException("The trailer of a gzip stream");
		}
	}

	private long number(int at) {
		long value = 0;
		for (int i = 3; i >= 0; i--) {
			value = value << 8 | this.trailer[at + i] & 0xFF;
		}
		return value;
	}

	/**
	 * The body ended.
	 * @throws ProtocolException if the gzip stream did not
	 */
	void end() throws ProtocolException {
		if (this.trailerRead < TRAILER_LENGTH) {
			throw new ProtocolException("A gzip stream without its trailer");
		}
	}

	/** Gives its memory back. */
	void close() {
		this.inflater.end();
	}

}
