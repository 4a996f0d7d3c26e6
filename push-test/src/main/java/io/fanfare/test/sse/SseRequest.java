package io.fanfare.test.sse;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * A request to be written by hand onto a socket, by default a GET for an event stream.
 * Header fields go out as they are given: nothing is checked, so that tests can send what
 * is wrong.
 */
public final class SseRequest {

	private final String host;

	private final int port;

	private final String path;

	private final StringBuilder query = new StringBuilder();

	private final Map<String, String> headers = new LinkedHashMap<>();

	private String method = "GET";

	private int receiveBuffer;

	private @Nullable String from;

	private @Nullable String body;

	SseRequest(String host, int port, String path) {
		this.host = host;
		this.port = port;
		this.path = path;
		header("Host", host + ":" + port);
		header("Accept", "text/event-stream");
	}

	/**
	 * Another method than GET.
	 * @param method the method
	 * @return this
	 */
	public SseRequest method(String method) {
		this.method = method;
		return this;
	}

	/**
	 * One more query parameter; a name may be given again.
	 * @param name the name
	 * @param value the value, which is URL-encoded
	 * @return this
	 */
	public SseRequest query(String name, String value) {
		this.query.append((this.query.isEmpty() && this.path.indexOf('?') < 0) ? '?' : '&')
			.append(name)
			.append('=')
			.append(URLEncoder.encode(value, StandardCharsets.UTF_8));
		return this;
	}

	/**
	 * A header field, in place of one of the same name.
	 * @param name the name
	 * @param value the value
	 * @return this
	 */
	public SseRequest header(String name, String value) {
		without(name);
		this.headers.put(name, value);
		return this;
	}

	/**
	 * Leaves out a header field.
	 * @param name the name
	 * @return this
	 */
	public SseRequest without(String name) {
		this.headers.keySet().removeIf(name::equalsIgnoreCase);
		return this;
	}

	/**
	 * A JWT or API key as {@code Authorization: Bearer}.
	 * @param token the token
	 * @return this
	 */
	public SseRequest bearer(String token) {
		return header("Authorization", "Bearer " + token);
	}

	/**
	 * The cursor, as a browser sends it when it reconnects.
	 * @param cursor the id
	 * @return this
	 */
	public SseRequest lastEventId(String cursor) {
		return header("Last-Event-ID", cursor);
	}

	/**
	 * Accepts a compressed answer.
	 * @return this
	 */
	public SseRequest gzip() {
		return header("Accept-Encoding", "gzip, deflate, br, zstd");
	}

	/**
	 * A body with its length.
	 * @param type its media type
	 * @param body the text, sent as UTF-8
	 * @return this
	 */
	public SseRequest body(String type, String body) {
		this.body = body;
		header("Content-Type", type);
		return header("Content-Length", Integer.toString(body.getBytes(StandardCharsets.UTF_8).length));
	}

	/**
	 * How much the kernel takes in for a client that does not read. Small for a test of
	 * slow readers.
	 * @param bytes the size asked for, before the kernel's own rounding
	 * @return this
	 */
	public SseRequest receiveBuffer(int bytes) {
		this.receiveBuffer = bytes;
		return this;
	}

	/**
	 * The address that the client has. On Linux each of 127.0.0.0/8 is one of the
	 * machine.
	 * @param address an address of this machine
	 * @return this
	 */
	public SseRequest from(String address) {
		this.from = address;
		return this;
	}

	/**
	 * Connects and sends the request, and waits for nothing.
	 * @return the client, which reads what comes; the caller closes it
	 */
	public SseClient open() {
		SseClient client = new SseClient(this.host, this.port, this.from, this.receiveBuffer, this.method,
				this.headers.getOrDefault("Last-Event-ID", ""));
		client.send(toString());
		return client;
	}

	/**
	 * Connects, sends the request, and tells a listener what comes. Nothing is kept.
	 * @param listener is notified, on a thread of the connection's own
	 * @return the stream; the caller closes it
	 */
	public SseStream open(SseStream.Listener listener) {
		SseStream stream = new SseStream(this.host, this.port, this.from, this.receiveBuffer, this.method,
				this.headers.getOrDefault("Last-Event-ID", ""), listener);
		stream.send(toString());
		return stream;
	}

	/**
	 * Connects, sends the request, waits for the whole answer and closes the connection.
	 * @return the answer
	 * @throws AssertionError if it is not complete after 10 s
	 */
	public Answer fetch() {
		header("Connection", "close");
		try (SseClient client = open()) {
			return client.answer();
		}
	}

	/**
	 * The request as it is sent.
	 */
	@Override
	public String toString() {
		StringBuilder text = new StringBuilder();
		text.append(this.method).append(' ').append(this.path).append(this.query).append(" HTTP/1.1\r\n");
		this.headers.forEach((name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
		text.append("\r\n");
		if (this.body != null) {
			text.append(this.body);
		}
		return text.toString();
	}

}
