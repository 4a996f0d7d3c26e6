package io.fanfare.api.webhook;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import org.jspecify.annotations.Nullable;

/**
 * A connection to the receiver of a webhook, which posts one event at a time and is kept
 * between them.
 * <p>
 * The host is resolved once per connection, the address is looked at, and that very
 * address is connected to. A client that resolves the name again could be sent elsewhere
 * meanwhile, to an address within the network (DNS rebinding). {@code java.net.http}
 * resolves by itself and cannot be told an address, so requests are written here. No
 * redirect is followed, and nothing of an answer but its status is used.
 * <p>
 * One thread posts. {@link #close()} may be called by any.
 */
final class WebhookConnection implements Closeable {

	private static final int MAX_HEAD = 16 * 1024;

	/** An answer with a longer body ends the connection. */
	private static final int MAX_BODY = 64 * 1024;

	/** Answers of 1xx before the one that counts. */
	private static final int MAX_INTERIM = 16;

	/** How long a connection is kept: the name may stand for another address by then. */
	static final Duration MAX_AGE = Duration.ofMinutes(5);

	private static final int SWITCHING_PROTOCOLS = 101;

	private final Target target;

	private final Duration timeout;

	private final SSLSocketFactory tls;

	private final Worker watchdog;

	private final Ticker ticker;

	/** Guarded by this, as is what follows. */
	private @Nullable Socket socket;

	/** The number of the post that runs, or 0. */
	private long running;

	private long posts;

	private boolean closed;

	/** Belongs to the thread that posts. */
	private @Nullable InputStream in;

	/** When the connection was made, by the monotonic clock. As {@code in}. */
	private long madeAt;

	WebhookConnection(Target target, Duration timeout, SSLSocketFactory tls, Worker watchdog, Ticker ticker) {
		this.target = target;
		this.timeout = timeout;
		this.tls = tls;
		this.watchdog = watchdog;
		this.ticker = ticker;
	}

	/**
	 * Where events are sent.
	 *
	 * @param uri its address
	 * @param allowPrivate whether that may be within a private network
	 */
	record Target(URI uri, boolean allowPrivate) {

		boolean isSecure() {
			return "https".equalsIgnoreCase(this.uri.getScheme());
		}

		/** Without the brackets of an IPv6 address. */
		String host() {
			String host = this.uri.getHost();
			return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
		}

		int port() {
			return (this.uri.getPort() >= 0) ? this.uri.getPort() : isSecure() ? 443 : 80;
		}

		private String requestTarget() {
			String path = this.uri.getRawPath();
			String query = this.uri.getRawQuery();
			return ((path == null || path.isEmpty()) ? "/" : path) + ((query != null) ? "?" + query : "");
		}

		/** The address to connect to. */
		InetAddress[] resolve() throws IOException {
			InetAddress[] addresses = InetAddress.getAllByName(host());
			for (InetAddress address : addresses) {
				if (!this.allowPrivate && !PublicAddress.is(address)) {
					throw new IOException(
							"the address " + address.getHostAddress() + " of " + host() + " is not public");
				}
			}
			return addresses;
		}

	}

	/**
	 * Posts a body.
	 * @param body the body, JSON
	 * @param headers further headers
	 * @return the status of the answer, also where its body does not end in time
	 * @throws IOException if there was none in time
	 */
	int post(byte[] body, Map<String, String> headers) throws IOException {
		byte[] request = request(body, headers);
		long number = begin();
		this.watchdog.schedule(this.timeout, () -> expire(number));
		boolean done = false;
		try {
			if (!isFresh()) {
				drop();
			}
			int status;
			boolean kept = this.in != null;
			try {
				status = exchange(request);
			}
			catch (IOException ex) {
				// A connection that was kept may have been closed by the other side.
				if (!kept || !isRunning(number)) {
					throw ex;
				}
				drop();
				status = exchange(request);
			}
			done = true;
			return status;
		}
		finally {
			boolean expired = !end(number);
			if (!done || expired) {
				drop();
			}
		}
	}

	private byte[] request(byte[] body, Map<String, String> headers) throws IOException {
		StringBuilder head = new StringBuilder().append("POST ")
			.append(this.target.requestTarget())
			.append(" HTTP/1.1\r\nHost: ")
			.append(this.target.uri().getRawAuthority())
			.append("\r\nUser-Agent: fanfare\r\nContent-Type: application/json\r\nContent-Length: ")
			.append(body.length)
			.append("\r\n");
		headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
		out.write(body);
		return out.toByteArray();
	}

	/**
	 * Returns whether a connection that was kept may be used again. One on which
	 * something waits may not: it belongs to an earlier post, or the other side says that
	 * it closes, and it would be taken for the answer to the next one.
	 */
	private boolean isFresh() {
		InputStream kept = this.in;
		if (kept == null) {
			return true;
		}
		if (this.ticker.nanoTime() - this.madeAt >= MAX_AGE.toNanos()) {
			return false;
		}
		try {
			Socket open = socket();
			// What waits behind TLS is found by reading alone.
			open.setSoTimeout(1);
			try {
				kept.read();
				return false;
			}
			catch (SocketTimeoutException ex) {
				open.setSoTimeout(0);
				return true;
			}
		}
		catch (IOException ex) {
			return false;
		}
	}

	private int exchange(byte[] request) throws IOException {
		if (this.in == null) {
			this.in = new BufferedInputStream(connect().getInputStream());
			this.madeAt = this.ticker.nanoTime();
		}
		InputStream answer = this.in;
		Socket open = socket();
		open.getOutputStream().write(request);
		open.getOutputStream().flush();
		String[] lines = head(answer).split("\r\n", -1);
		int status = status(lines[0]);
		for (int interim = 1; status / 100 == 1 && status != SWITCHING_PROTOCOLS; interim++) {
			if (interim > MAX_INTERIM) {
				throw new IOException("the answer begins with more than " + MAX_INTERIM + " of 1xx");
			}
			lines = head(answer).split("\r\n", -1);
			status = status(lines[0]);
		}
		if (!skipBody(answer, status, lines)) {
			drop();
		}
		return status;
	}

	private Socket connect() throws IOException {
		InetAddress[] addresses = this.target.resolve();
		IOException failure = null;
		for (InetAddress address : addresses) {
			Socket plain = new Socket();
			hold(plain);
			try {
				plain.connect(new InetSocketAddress(address, this.target.port()), (int) this.timeout.toMillis());
				plain.setTcpNoDelay(true);
				return this.target.isSecure() ? secured(plain) : plain;
			}
			catch (IOException ex) {
				plain.close();
				failure = ex;
			}
		}
		throw (failure != null) ? failure : new IOException("no address");
	}

	private Socket secured(Socket plain) throws IOException {
		SSLSocket secure = (SSLSocket) this.tls.createSocket(plain, this.target.host(), this.target.port(), true);
		hold(secure);
		SSLParameters parameters = secure.getSSLParameters();
		parameters.setEndpointIdentificationAlgorithm("HTTPS");
		secure.setSSLParameters(parameters);
		secure.startHandshake();
		return secure;
	}

	/** Up to the empty line. */
	private static String head(InputStream in) throws IOException {
		ByteArrayOutputStream head = new ByteArrayOutputStream();
		int end = 0;
		while (end < 4) {
			int next = in.read();
			if (next < 0) {
				throw new EOFException("the connection ended before the answer");
			}
			head.write(next);
			if (head.size() > MAX_HEAD) {
				throw new IOException("the head of the answer has more than " + MAX_HEAD + " bytes");
			}
			end = (next == ((end % 2 == 0) ? '\r' : '\n')) ? end + 1 : (next == '\r') ? 1 : 0;
		}
		return head.toString(StandardCharsets.ISO_8859_1);
	}

	private static int status(String line) throws IOException {
		boolean known = line.length() >= 12 && line.startsWith("HTTP/1.") && line.charAt(8) == ' ';
		for (int i = 9; known && i < 12; i++) {
			known = line.charAt(i) >= '0' && line.charAt(i) <= '9';
		}
		if (!known) {
			throw new IOException("the answer is not HTTP/1.1");
		}
		return Integer.parseInt(line, 9, 12, 10);
	}

	/** Returns whether the connection may be used again. */
	private static boolean skipBody(InputStream in, int status, String[] lines) {
		long length = (status == 204) ? 0 : -1;
		boolean kept = lines[0].startsWith("HTTP/1.1") && status >= 200;
		for (int i = 1; i < lines.length; i++) {
			int colon = lines[i].indexOf(':');
			String name = lines[i].substring(0, Math.max(0, colon)).toLowerCase(Locale.ROOT);
			String value = lines[i].substring(colon + 1).strip();
			switch (name) {
				case "content-length" ->
					length = (value.length() <= 9 && value.chars().allMatch(Character::isDigit) && !value.isEmpty())
							? Long.parseLong(value) : -1;
				case "connection" -> kept &= !value.toLowerCase(Locale.ROOT).contains("close");
				case "transfer-encoding" -> kept = false;
				default -> {
				}
			}
		}
		if (!kept || length < 0 || length > MAX_BODY) {
			return false;
		}
		try {
			in.skipNBytes(length);
			return true;
		}
		catch (IOException ex) {
			// The status was said: what becomes of the body changes nothing.
			return false;
		}
	}

	private synchronized long begin() throws IOException {
		if (this.closed) {
			throw new IOException("the process stops");
		}
		this.running = ++this.posts;
		return this.running;
	}

	/** Returns whether it was in time. */
	private synchronized boolean end(long number) {
		boolean inTime = this.running == number;
		this.running = 0;
		return inTime;
	}

	private synchronized boolean isRunning(long number) {
		return this.running == number;
	}

	private synchronized void expire(long number) {
		if (this.running == number) {
			this.running = 0;
			closeSocket();
		}
	}

	private synchronized void hold(Socket made) throws IOException {
		this.socket = made;
		if (this.closed || this.running == 0) {
			closeSocket();
			throw new IOException("no answer within " + this.timeout.toMillis() + " ms");
		}
	}

	private synchronized Socket socket() throws IOException {
		if (this.socket == null) {
			throw new IOException("no answer within " + this.timeout.toMillis() + " ms");
		}
		return this.socket;
	}

	/** Forgets the connection. On the thread that posts. */
	private void drop() {
		this.in = null;
		closeSocket();
	}

	private synchronized void closeSocket() {
		Socket open = this.socket;
		this.socket = null;
		if (open != null) {
			try {
				open.close();
			}
			catch (IOException ex) {
				// It is gone in any case.
			}
		}
	}

	@Override
	public synchronized void close() {
		this.closed = true;
		closeSocket();
	}

}
