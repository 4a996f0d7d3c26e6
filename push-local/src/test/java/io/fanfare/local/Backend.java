package io.fanfare.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A backend service that uses the API as any would: over HTTP, with an API key. */
final class Backend {

	private static final JsonMapper JSON = JsonMapper.shared();

	private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	private final String url;

	private final String key;

	Backend(String url, String key) {
		this.url = url;
		this.key = key;
	}

	/** A stream token for a user that may hear every topic. */
	String token(String user) {
		return post("/v1/tokens", Map.of("user", user, "channels", List.of("*"))).required("token").asString();
	}

	/** Publishes text to a user and returns the id. */
	String toUser(String user, String data) {
		return publish(Map.of("user", user), data).required("id").asString();
	}

	/** Publishes text to a topic and returns the id. */
	String toChannel(String topic, String data) {
		return publish(Map.of("channel", topic), data).required("id").asString();
	}

	/** Publishes text to all and returns the id. */
	String toAll(String data) {
		return publish(Map.of("all", true), data).required("id").asString();
	}

	JsonNode publish(Map<String, ?> to, String data) {
		return post("/v1/messages", Map.of("to", to, "data", data));
	}

	/** Who hears a user. */
	JsonNode user(String user) {
		return get("/v1/users/" + URLEncoder.encode(user, StandardCharsets.UTF_8));
	}

	String cursor() {
		return get("/v1/cursor").required("cursor").asString();
	}

	JsonNode get(String path) {
		return send(HttpRequest.newBuilder(URI.create(this.url + path)).GET());
	}

	JsonNode post(String path, Object body) {
		return send(HttpRequest.newBuilder(URI.create(this.url + path))
			.header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body))));
	}

	private JsonNode send(HttpRequest.Builder request) {
		try {
			HttpResponse<String> response = this.http.send(
					request.header("Authorization", "Bearer " + this.key).build(),
					HttpResponse.BodyHandlers.ofString());
			if (response.statusCode() >= 300) {
				throw new IllegalStateException(response.statusCode() + " " + response.body());
			}
			return JSON.readTree(response.body());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

}
