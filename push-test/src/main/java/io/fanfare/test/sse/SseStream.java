package io.fanfare.test.sse;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import org.jspecify.annotations.Nullable;

/**
 * One connection of a client, which keeps nothing: its listener is notified of what
 * comes, on a virtual thread of the connection's own. For thousands of streams, or for
 * hours; {@link SseClient} is the one that keeps everything. All methods may be called
 * from any thread.
 */
public final class SseStream implements AutoCloseable {

	private static final int CONNECT_MILLIS = 10_000;

	private final Socket socket = new Socket();

	private final Listener listener;

	private final SseParser parser;

	private final ReentrantLock lock = new ReentrantLock();

	private final Condition resumed = this.lock.newCondition();

	private boolean paused;

	private volatile boolean closedHere;

	SseStream(String host, int port, @Nullable String from, int receiveBuffer, String method, String lastEventId,
			Listener listener) {
		this.listener = listener;
		this.parser = new SseParser(lastEventId, listener::block, listener::comment);
		try {
			if (receiveBuffer > 0) {
				this.socket.setReceiveBufferSize(receiveBuffer);
			}
			this.socket.setTcpNoDelay(true);
			if (from != null) {
				this.socket.bind(new InetSocketAddress(from, 0));
			}
			this.socket.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
			InputStream in = new BufferedInputStream(new PausableInputStream(this.socket.getInputStream()));
			Thread.ofVirtual().name("sse-client-" + this.socket.getLocalPort()).start(() -> read(in, method));
		}
		catch (IOException ex) {
			close();
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Is told what comes, in order, by one thread.
	 */
	public interface Listener {

		/**
		 * The head of the answer.
		 * @param status the status code
		 * @param headers the header fields; names in any case
		 */
		void head(int status, HttpHeaders headers);

		/**
		 * A block of the event stream.
		 * @param block the block
		 */
		void block(SseBlock block);

		/**
		 * A comment line, such as a heartbeat, as soon as it is there. It will be part of
		 * its block too.
		 * @param comment the comment without its colon
		 */
		void comment(String comment);

		/**
		 * The end of the answer, whatever kind of answer it was.
		 * @param how how it ended
		 * @param cause what was wrong; null if nothing was
		 */
		void end(End how, @Nullable Exception cause);

		/**
		 * A chunk of the transfer coding begins.
		 * @param size its announced size
		 */
		default void chunk(long size) {
		}

		/**
		 * Bytes of the body as they came, content coding included.
		 * @param bytes holds them from its beginning; valid during the call only
		 * @param length how many
		 */
		default void body(byte[] bytes, int length) {
		}

		/**
		 * Bytes of the body without its content coding, before they are parsed.
		 * @param bytes holds them from its beginning; valid during the call only
		 * @param length how many
		 */
		default void content(byte[] bytes, int length) {
		}

		/**
		 * Bytes after the end of the answer.
		 * @param bytes holds them from its beginning; valid during the call only
		 * @param length how many
		 */
		default void surplus(byte[] bytes, int length) {
		}

		/**
		 * The connection is gone, which with keep-alive need not follow the end of the
		 * answer.
		 */
		default void disconnected() {
		}

	}

	/**
	 * Sends bytes as they are.
	 * @param bytes the bytes
	 */
	public void send(byte[] bytes) {
		try {
			this.socket.getOutputStream().write(bytes);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Sends text as UTF-8, as it is.
	 * @param text the text
	 */
	public void send(String text) {
		send(text.getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * The cursor with which a browser would reconnect: what the standard calls the last
	 * event ID string.
	 * @return the cursor, or an empty string
	 */
	public String lastEventId() {
		return this.parser.lastEventId();
	}

	/**
	 * Stops reading. The kernel takes in what its buffers hold, then the server can write
	 * no more. At most one read that was under way is held back until {@link #resume()}.
	 */
	public void pause() {
		pause(true);
	}

	/**
	 * Reads on after {@link #pause()}.
	 */
	public void resume() {
		pause(false);
	}

	private void pause(boolean value) {
		this.lock.lock();
		try {
			this.paused = value;
			this.resumed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Tells the server that nothing more will be sent (FIN), and reads on.
	 */
	public void halfClose() {
		try {
			this.socket.shutdownOutput();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Ends the connection with a reset (RST), as a client that crashed or a box on the
	 * way that lost its state.
	 */
	public void abort() {
		try {
			this.socket.setSoLinger(true, 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		close();
	}

	/**
	 * Ends the connection.
	 */
	@Override
	public void close() {
		this.closedHere = true;
		resume();
		try {
			this.socket.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void read(InputStream in, String method) {
		boolean[] ended = { false };
		Answer answer = new Answer();
		try {
			new ResponseReader(in, answer).read(method);
			answer.end();
			ended[0] = true;
			this.listener.end(End.COMPLETE, null);
			byte[] buffer = new byte[1024];
			for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
				this.listener.surplus(buffer, read);
			}
		}
		catch (IOException ex) {
			if (!ended[0]) {
				this.listener.end(how(ex), ex);
			}
		}
		finally {
			answer.close();
			this.listener.disconnected();
		}
	}

	private End how(IOException failure) {
		if (this.closedHere) {
			return End.CLOSED_HERE;
		}
		return switch (failure) {
			case ProtocolException ignored -> End.MALFORMED;
			case EOFException ignored -> End.CUT;
			default -> End.RESET;
		};
	}

	@Override
	public String toString() {
		return "SseStream[" + this.socket + "]";
	}

	/** Takes the parts of the answer. */
	private final class Answer implements ResponseReader.Sink {

		private boolean stream;

		private @Nullable Gunzip gunzip;

		@Override
		public void head(int status, HttpHeaders headers) {
			this.stream = status == 200 && headers.firstValue("Content-Type")
				.filter((type) -> type.startsWith("text/event-stream"))
				.isPresent();
			if (headers.firstValue("Content-Encoding").filter("gzip"::equals).isPresent()) {
				this.gunzip = new Gunzip();
			}
			SseStream.this.listener.head(status, headers);
		}

		@Override
		public void chunk(long size) {
			SseStream.this.listener.chunk(size);
		}

		@Override
		public void body(byte[] bytes, int length) throws IOException {
			SseStream.this.listener.body(bytes, length);
			if (this.gunzip != null) {
				this.gunzip.read(bytes, length, this::content);
			}
			else {
				content(bytes, length);
			}
		}

		private void content(byte[] bytes, int length) {
			SseStream.this.listener.content(bytes, length);
			if (this.stream) {
				SseStream.this.parser.read(bytes, 0, length);
			}
		}

		void end() throws IOException {
			if (this.gunzip != null) {
				this.gunzip.end();
			}
		}

		void close() {
			if (this.gunzip != null) {
				this.gunzip.close();
			}
		}

	}

	/**
	 * The socket's bytes; while paused, none are asked for and none are handed on.
	 */
	private final class PausableInputStream extends FilterInputStream {

		PausableInputStream(InputStream in) {
			super(in);
		}

		@Override
		public int read(byte[] bytes, int offset, int length) throws IOException {
			awaitResume();
			int read = super.read(bytes, offset, length);
			awaitResume();
			return read;
		}

		private void awaitResume() {
			SseStream.this.lock.lock();
			try {
				while (SseStream.this.paused) {
					SseStream.this.resumed.awaitUninterruptibly();
				}
			}
			finally {
				SseStream.this.lock.unlock();
			}
		}

	}

}
