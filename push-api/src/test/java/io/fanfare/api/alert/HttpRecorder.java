package io.fanfare.api.alert;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Takes what alerts post, and keeps it. */
final class HttpRecorder implements AutoCloseable {

	private final HttpServer server;

	private final List<Post> posts = new CopyOnWriteArrayList<>();

	HttpRecorder() {
		try {
			this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.server.createContext("/", this::take);
		this.server.start();
	}

	/** What was posted, and when. */
	record Post(String path, String query, Headers headers, String body, long nanos) {

		JsonNode json() {
			return JsonMapper.shared().readTree(this.body);
		}

		String header(String name) {
			return this.headers.getFirst(name);
		}

	}

	private void take(HttpExchange exchange) throws IOException {
		String path = exchange.getRequestURI().getPath();
		this.posts.add(new Post(path, exchange.getRequestURI().getRawQuery(), exchange.getRequestHeaders(),
				new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8), System.nanoTime()));
		int status = switch (path) {
			case "/moved" -> 307;
			case "/refuses" -> 403;
			case "/fails" -> 503;
			default -> 200;
		};
		exchange.getResponseHeaders().set("Location", url("/webhook"));
		byte[] answer = (path.equals("/robot-refuses") ? "{\"errcode\":310000,\"errmsg\":\"sign not match\"}"
				: "{\"errcode\":0,\"errmsg\":\"ok\"}")
			.getBytes(StandardCharsets.UTF_8);
		if (path.equals("/long")) {
			answer = new byte[100_000];
		}
		exchange.sendResponseHeaders(status, answer.length);
		exchange.getResponseBody().write(answer);
		exchange.close();
	}

	String url(String path) {
		return "http://127.0.0.1:" + this.server.getAddress().getPort() + path;
	}

	List<Post> posts(String path) {
		return this.posts.stream().filter((post) -> post.path().equals(path)).toList();
	}

	@Override
	public void close() {
		this.server.stop(0);
	}

}
