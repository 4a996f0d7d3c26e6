package io.fanfare.local;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * What receives notifications and keeps them: an HTTP server for webhooks, and a mail
 * server that takes any mail.
 */
final class RecordingReceiver implements AutoCloseable {

	private final HttpServer http;

	private final ServerSocket mail;

	private final List<Request> requests = new CopyOnWriteArrayList<>();

	private final List<String> mails = new CopyOnWriteArrayList<>();

	/** How many requests as DingTalk refuses them come first. */
	private final AtomicInteger refusals = new AtomicInteger();

	/** The status of answers to SMS, or 0 for no answer. */
	private final AtomicInteger smsStatus = new AtomicInteger(200);

	private volatile boolean slow;

	private final CountDownLatch closed = new CountDownLatch(1);

	RecordingReceiver() {
		try {
			this.http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
			this.mail = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.http.createContext("/", this::take);
		this.http.start();
		Thread.ofVirtual().start(this::takeMails);
	}

	/** A webhook that was called. */
	record Request(String path, String query, String authorization, String type, String body) {

	}

	String url() {
		return "http://127.0.0.1:" + this.http.getAddress().getPort();
	}

	int mailPort() {
		return this.mail.getLocalPort();
	}

	/** Refuses the next requests as DingTalk does, with status 200. */
	void refuse(int count) {
		this.refusals.set(count);
	}

	/** Answers SMS with a status, or, with 0, closes the connection without an answer. */
	void answerSms(int status) {
		this.smsStatus.set(status);
	}

	/** Answers with a byte per second. */
	void answerSlowly() {
		this.slow = true;
	}

	List<Request> requests(String path) {
		return this.requests.stream().filter((request) -> request.path().equals(path)).toList();
	}

	List<String> mails() {
		return this.mails;
	}

	private void take(HttpExchange exchange) throws IOException {
		try (exchange) {
			this.requests.add(new Request(exchange.getRequestURI().getPath(),
					String.valueOf(exchange.getRequestURI().getRawQuery()),
					String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")),
					String.valueOf(exchange.getRequestHeaders().getFirst("Content-Type")),
					new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
			boolean refused = exchange.getRequestURI().getPath().equals("/robot/send")
					&& this.refusals.getAndUpdate((left) -> Math.max(0, left - 1)) > 0;
			byte[] answer = (refused ? "{\"errcode\":310000,\"errmsg\":\"sign not match\"}"
					: "{\"errcode\":0,\"errmsg\":\"ok\"}")
				.getBytes(StandardCharsets.UTF_8);
			int status = exchange.getRequestURI().getPath().equals("/sms") ? this.smsStatus.get() : 200;
			if (status == 0) {
				return;
			}
			if (this.slow) {
				trickle(exchange);
				return;
			}
			exchange.sendResponseHeaders(status, answer.length);
			exchange.getResponseBody().write(answer);
		}
	}

	private void trickle(HttpExchange exchange) throws IOException {
		exchange.sendResponseHeaders(200, 0);
		try {
			while (!this.closed.await(1, TimeUnit.SECONDS)) {
				exchange.getResponseBody().write(' ');
				exchange.getResponseBody().flush();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private void takeMails() {
		while (!this.mail.isClosed()) {
			try (Socket socket = this.mail.accept()) {
				takeMail(socket);
			}
			catch (IOException ex) {
				// The client went, or the test is over
			}
		}
	}

	/** RFC 5321, as far as a client that only delivers needs it. */
	private void takeMail(Socket socket) throws IOException {
		BufferedReader lines = new BufferedReader(
				new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
		say(socket, "220 localhost");
		String line;
		while ((line = lines.readLine()) != null) {
			if (line.startsWith("DATA")) {
				say(socket, "354 go on");
				StringBuilder mail = new StringBuilder();
				while ((line = lines.readLine()) != null && !line.equals(".")) {
					mail.append(line).append('\n');
				}
				this.mails.add(mail.toString());
			}
			say(socket, "QUIT".equals(line) ? "221 bye" : "250 ok");
		}
	}

	private static void say(Socket socket, String line) throws IOException {
		socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
	}

	@Override
	public void close() {
		this.closed.countDown();
		this.http.stop(0);
		try {
			this.mail.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
