package io.fanfare.bench.publish;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** One HTTP connection that is kept, for one thread: a request out, its answer in. */
final class HttpLine implements AutoCloseable {

	private static final int ANSWER_TIMEOUT_MS = 30_000;

	private final Socket socket;

	private final InputStream in;

	private boolean ended;

	HttpLine(int port) throws IOException {
		this.socket = new Socket(InetAddress.getLoopbackAddress(), port);
		this.socket.setTcpNoDelay(true);
		this.socket.setSoTimeout(ANSWER_TIMEOUT_MS);
		this.in = new BufferedInputStream(this.socket.getInputStream(), 65_536);
	}

	/** Sends a request and returns the answer, its body as text. */
	Answer exchange(byte[] request) throws IOException {
		this.socket.getOutputStream().write(request);
		String status = line();
		int length = -1;
		boolean chunked = false;
		for (String header = line(); !header.isEmpty(); header = line()) {
			String lower = header.toLowerCase(Locale.ROOT);
			if (lower.startsWith("content-length:")) {
				length = Integer.parseInt(lower.substring(15).trim());
			}
			chunked |= lower.startsWith("transfer-encoding:") && lower.contains("chunked");
			this.ended |= lower.startsWith("connection:") && lower.contains("close");
		}
		int code = Integer.parseInt(status.split(" ")[1]);
		String body = "";
		if (chunked) {
			body = chunks();
		}
		else if (length > 0) {
			body = new String(this.in.readNBytes(length), StandardCharsets.UTF_8);
		}
		else if (length < 0 && code != 204) {
			this.ended = true;
		}
		return new Answer(code, body);
	}

	/** An answer. */
	record Answer(int status, String body) {

		boolean isGood() {
			return this.status / 100 == 2;
		}

	}

	boolean isEnded() {
		return this.ended;
	}

	private String chunks() throws IOException {
		StringBuilder body = new StringBuilder();
		int size;
		do {
			size = Integer.parseInt(line().trim(), 16);
			body.append(new String(this.in.readNBytes(size), StandardCharsets.UTF_8));
			line();
		}
		while (size > 0);
		return body.toString();
	}

	private String line() throws IOException {
		StringBuilder line = new StringBuilder();
		int next;
		while ((next = this.in.read()) != '\n') {
			if (next < 0) {
				throw new IOException("The connection ended");
			}
			if (next != '\r') {
				line.append((char) next);
			}
		}
		return line.toString();
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

}
