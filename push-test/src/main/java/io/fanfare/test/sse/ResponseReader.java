package io.fanfare.test.sse;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads one HTTP/1.1 response from a socket and hands on each part as soon as it is
 * there. An {@link EOFException} means that the connection ended too early.
 */
final class ResponseReader {

	private static final int BUFFER = 16 * 1024;

	private final InputStream in;

	private final Sink sink;

	private final byte[] buffer = new byte[BUFFER];

	ResponseReader(InputStream in, Sink sink) {
		this.in = in;
		this.sink = sink;
	}

	/**
	 * Reads to the end of the response.
	 * @param method the request's method, since an answer to HEAD has no body
	 * @throws ProtocolException if what comes is not HTTP
	 */
	void read(String method) throws IOException {
		int status = readStatus();
		HttpHeaders headers = readHeaders();
		this.sink.head(status, headers);
		if ("HEAD".equals(method) || status == 204 || status == 304) {
			return;
		}
		if (headers.firstValue("Transfer-Encoding").filter("chunked"::equalsIgnoreCase).isPresent()) {
			readChunks();
		}
		else if (headers.firstValue("Content-Length").isPresent()) {
			readBody(number(headers.firstValue("Content-Length").get(), 10));
		}
		else {
			readToEnd();
		}
	}

	private int readStatus() throws IOException {
		String line = readLine();
		if (!line.matches("HTTP/1\\.[01] [1-5][0-9]{2}( .*)?")) {
			throw new ProtocolException("Status line: " + line);
		}
		return Integer.parseInt(line.substring(9, 12));
	}

	private HttpHeaders readHeaders() throws IOException {
		Map<String, List<String>> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
		for (String line = readLine(); !line.isEmpty(); line = readLine()) {
			int colon = line.indexOf(':');
			if (colon < 1 || line.charAt(colon - 1) == ' ') {
				throw new ProtocolException("Header field: " + line);
			}
			fields.computeIfAbsent(line.substring(0, colon), (name) -> new ArrayList<>())
				.add(line.substring(colon + 1).strip());
		}
		return HttpHeaders.of(fields, (name, value) -> true);
	}

	private void readChunks() throws IOException {
		while (true) {
			String line = readLine();
			long size = number(line.replaceFirst("[ \t]*;.*", ""), 16);
			if (size == 0) {
				readHeaders();
				return;
			}
			this.sink.chunk(size);
			readBody(size);
			if (!readLine().isEmpty()) {
				throw new ProtocolException("No line end after a chunk");
			}
		}
	}

	private void readBody(long size) throws IOException {
		for (long left = size; left > 0;) {
			int read = this.in.read(this.buffer, 0, (int) Math.min(left, this.buffer.length));
			if (read < 0) {
				throw new EOFException(left + " of " + size + " bytes are missing");
			}
			this.sink.body(this.buffer, read);
			left -= read;
		}
	}

	private void readToEnd() throws IOException {
		for (int read = this.in.read(this.buffer); read >= 0; read = this.in.read(this.buffer)) {
			this.sink.body(this.buffer, read);
		}
	}

	private String readLine() throws IOException {
		ByteArrayOutputStream line = new ByteArrayOutputStream();
		for (int next = this.in.read(); next != '\n'; next = this.in.read()) {
			if (next < 0) {
				throw new EOFException("In the line: " + line);
			}
			line.write(next);
		}
		String text = line.toString(StandardCharsets.ISO_8859_1);
		if (!text.endsWith("\r")) {
			throw new ProtocolException("A line ends without CR: " + text);
		}
		return text.substring(0, text.length() - 1);
	}

	private static long number(String text, int radix) throws ProtocolException {
		try {
			return Long.parseUnsignedLong(text, radix);
		}
		catch (NumberFormatException ex) {
			throw new ProtocolException("Number: " + text);
		}
	}

	/**
	 * Takes the parts of a response in their order.
	 */
	interface Sink {

		void head(int status, HttpHeaders headers);

		void chunk(long size);

		void body(byte[] bytes, int length) throws IOException;

	}

}
