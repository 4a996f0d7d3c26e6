package io.fanfare.test.api;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The API as a backend calls it: over HTTP, with an API key. Methods may be called from
 * any thread.
 */
public final class ApiClient {

	private static final JsonMapper JSON = JsonMapper.shared();

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private final HttpClient http = HttpClient.newBuilder()
		.version(HttpClient.Version.HTTP_1_1)
		.connectTimeout(Duration.ofSeconds(2))
		.build();

	private final String url;

	private final String key;

	/**
	 * A client of an API.
	 * @param url its URL without a path
	 * @param key an API key's secret
	 */
	public ApiClient(String url, String key) {
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
		 * The body of an answer that must be a success.
		 * @return the body
		 * @throws IllegalStateException if it is none
		 */
		public JsonNode ok() {
			if (this.status / 100 != 2 || this.body == null) {
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
	 * Whether a user is online, and where.
	 * @param user the user
	 * @return the presence
	 */
	public JsonNode user(String user) {
		return get("/v1/users/" + URLEncoder.encode(user, StandardCharsets.UTF_8)).ok();
	}

	/**
	 * The connection of a user.
	 * @param user the user
	 * @return its id, or null while the user is offline
	 */
	public @Nullable String connectionOf(String user) {
		JsonNode presence = user(user);
		return presence.required("online").asBoolean() ? presence.required("connection").asString() : null;
	}

	/**
	 * The cursor of now.
	 * @return the id of the newest message
	 */
	public String cursor() {
		return get("/v1/cursor").ok().required("cursor").asString();
	}

	/**
	 * Publishes text to a user.
	 * @param user the user
	 * @param data the text
	 * @return the message's id
	 */
	public String toUser(String user, String data) {
		return publish(Map.of("user", user), data);
	}

	/**
	 * Publishes text to a topic.
	 * @param topic the topic
	 * @param data the text
	 * @return the message's id
	 */
	public String toChannel(String topic, String data) {
		return publish(Map.of("channel", topic), data);
	}

	/**
	 * Publishes text to all.
	 * @param data the text
	 * @return the message's id
	 */
	public String toAll(String data) {
		return publish(Map.of("all", true), data);
	}

	private String publish(Map<String, ?> to, String data) {
		return publish(Map.of("to", to, "data", data)).ok().required("id").asString();
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

	/**
	 * Orders something, once.
	 * @param path the path
	 * @param body written as JSON
	 * @param idempotencyKey names the order, or null
	 * @return the answer
	 */
	public Reply post(String path, Object body, @Nullable String idempotencyKey) {
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
