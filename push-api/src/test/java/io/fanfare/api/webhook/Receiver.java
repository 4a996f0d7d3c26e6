package io.fanfare.api.webhook;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.ToIntFunction;

import javax.net.ssl.SSLContext;

import com.standardwebhooks.Webhook;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import org.jspecify.annotations.Nullable;

/** A backend that receives a webhook, and answers as a test says. */
final class Receiver implements AutoCloseable {

	static final String SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

	private final HttpServer server;

	private final List<Received> received = new CopyOnWriteArrayList<>();

	private volatile ToIntFunction<Received> answer = (request) -> 204;

	Receiver(@Nullable SSLContext tls) {
		InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
		try {
			if (tls == null) {
				this.server = HttpServer.create(address, 0);
			}
			else {
				HttpsServer secure = HttpsServer.create(address, 0);
				secure.setHttpsConfigurator(new HttpsConfigurator(tls));
				this.server = secure;
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.server.createContext("/", this::take);
		this.server.start();
	}

	/**
	 * A request.
	 *
	 * @param id its {@code webhook-id}
	 * @param signed whether its signature is right
	 * @param port the port that it came from
	 * @param uri what it asked for
	 * @param body its body
	 */
	record Received(String id, boolean signed, int port, String uri, String body) {

	}

	int port() {
		return this.server.getAddress().getPort();
	}

	List<Received> received() {
		return this.received;
	}

	/** Answers with a status from now on. */
	void answer(ToIntFunction<Received> status) {
		this.answer = status;
	}

	private void take(HttpExchange exchange) throws IOException {
		try (exchange) {
			String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
			String id = String.valueOf(exchange.getRequestHeaders().getFirst("webhook-id"));
			Received one = new Received(id, isSigned(body, exchange.getRequestHeaders()),
					exchange.getRemoteAddress().getPort(), exchange.getRequestURI().toString(), body);
			this.received.add(one);
			int status = this.answer.applyAsInt(one);
			if (status == 302) {
				exchange.getResponseHeaders().set("Location", "/elsewhere");
			}
			exchange.sendResponseHeaders(status, -1);
		}
	}

	private static boolean isSigned(String body, Map<String, List<String>> headers) {
		try {
			new Webhook(SECRET).verify(body, headers);
			return true;
		}
		catch (Exception ex) {
			return false;
		}
	}

	@Override
	public void close() {
		this.server.stop(0);
	}

}
