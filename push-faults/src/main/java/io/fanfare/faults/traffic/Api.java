package io.fanfare.faults.traffic;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The publish API as a backend calls it. Methods may be called from any thread. */
public final class Api {

	private static final JsonMapper JSON = JsonMapper.shared();

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private final HttpClient http = HttpClient.newBuilder()
		.version(HttpClient.Version.HTTP_1_1)
		.connectTimeout(Duration.ofSeconds(2))
		.build();

	private final String url;

	private final String key;

	/**
	 * An API at an address.
	 * @param url its URL without a path
	 * @param key an API key's secret
	 */
	public Api(String url, String key) {
		this.url = url;
		this.key = key;
	}

	/**
	 * What a call came to.
	 *
	 * @param status the status; 0 if there was no answer
	 * @param body the answer; null if there was none, or no JSON
	 * @param retryAfter whether it says when to come back
	 * @param took from the call to the answer
	 */
	public record Reply(int status, @Nullable JsonNode body, boolean retryAfter, Duration took) {

		/**
		 * The body of an answer that must be 200.
		 * @return the body
		 */
		public JsonNode ok() {
			if (this.status != 200 || this.body == null) {
				throw new IllegalStateException("Answered " + this.status + ": " + this.body);
			}
			return this.body;
		}

	}

	/**
	 * A stream token that covers every topic.
	 * @param user whose
	 * @return the token
	 */
	public String token(String user) {
		return post("/v1/tokens", Map.of("user", user, "channels", List.of("*")), null).ok()
			.required("token")
			.asString();
	}

	/**
	 * Who is online.
	 * @param user whom to ask for
	 * @return the connection that hears the user, or null
	 */
	public @Nullable String connectionOf(String user) {
		JsonNode presence = send(HttpRequest.newBuilder(URI.create(this.url + "/v1/users/" + user)).GET()).ok();
		return presence.required("online").asBoolean() ? presence.required("connection").asString() : null;
	}

	/**
	 * Publishes a message once.
	 * @param message the message as JSON
	 * @return the answer
	 */
	public Reply publish(Map<String, ?> message) {
		return post("/v1/messages", message, null);
	}

	/**
	 * Asks for something.
	 * @param path the path
	 * @return the answer
	 */
	public Reply get(String path) {
		return send(HttpRequest.newBuilder(URI.create(this.url + path)).GET());
	}

	/**
	 * Orders something.
	 * @param path the path
	 * @param body written as JSON
	 * @return the answer
	 */
	public Reply post(String path, Object body) {
		return post(path, body, null);
	}

	Reply post(String path, Object body, @Nullable String idempotencyKey) {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(this.url + path))
			.header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)));
		if (idempotencyKey != null) {
			request.header("Idempotency-Key", idempotencyKey);
		}
		return send(request);
	}

	private Reply send(HttpRequest.Builder request) {
		long start = System.nanoTime();
		try {
			HttpResponse<String> response = this.http.send(
					request.header("Authorization", "Bearer " + this.key).timeout(PATIENCE).build(),
					HttpResponse.BodyHandlers.ofString());
			boolean json = response.headers()
				.firstValue("Content-Type")
				.filter((it) -> it.contains("json"))
				.isPresent();
			return new Reply(response.statusCode(), json ? JSON.readTree(response.body()) : null,
					response.headers().firstValue("Retry-After").isPresent(), since(start));
		}
		catch (IOException ex) {
			return new Reply(0, null, false, since(start));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private static Duration since(long start) {
		return Duration.ofNanos(System.nanoTime() - start);
	}

}
