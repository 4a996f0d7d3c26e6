package io.fanfare.api;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.test.redis.TestRedis;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The API, running on free ports against a real Redis. */
public final class TestApi implements AutoCloseable {

	/** A key that may do everything. */
	public static final String KEY = "dev-secret";

	/** A key that may publish to users and to news. */
	public static final String SHOP_KEY = "shop-secret";

	/** A key that may look, and nothing else. */
	public static final String READ_KEY = "read-secret";

	/** What tokens are signed with. */
	public static final String JWT_SECRET = "a secret of thirty-two bytes and more";

	public static final JsonMapper JSON = JsonMapper.builder().build();

	private final ConfigurableApplicationContext context;

	private final HttpClient client = HttpClient.newHttpClient();

	private TestApi(ConfigurableApplicationContext context) {
		this.context = context;
	}

	/** The one that ordinary tests share. */
	public static TestApi shared() {
		return Shared.API;
	}

	/** One of its own. */
	public static TestApi start(TestRedis redis, String... properties) {
		Map<String, String> arguments = new LinkedHashMap<>(
				Map.of("--spring.config.name", "push-api", "--fanfare.api.port", "0", "--fanfare.control.port", "0",
						"--fanfare.redis.url", redis.url(), "--fanfare.api.keys",
						"dev:" + KEY + ":publish+read+admin+tokens,shop:" + SHOP_KEY
								+ ":publish:user:*+publish:news,look:" + READ_KEY + ":read",
						"--fanfare.jwt.secret", JWT_SECRET, "--fanfare.tokens.enabled", "true", "--fanfare.api.warm-up",
						"0"));
		for (String property : properties) {
			String[] parts = property.split("=", 2);
			arguments.put(parts[0], parts[1]);
		}
		return new TestApi(new SpringApplicationBuilder(ApiApplication.class).logStartupInfo(false)
			.run(arguments.entrySet().stream().map(Object::toString).toArray(String[]::new)));
	}

	/** An answer. */
	public record Answer(int status, HttpResponse<String> response) {

		public JsonNode json() {
			return JSON.readTree(this.response.body());
		}

		public String header(String name) {
			return this.response.headers().firstValue(name).orElse("");
		}

		/** The last part of the problem's type. */
		public String problem() {
			String type = json().path("type").asString("");
			return header("Content-Type").equals("application/problem+json")
					? type.replace("https://fanfare.io/problems/", "") : "no problem but " + this.response.body();
		}

	}

	public int port() {
		return this.context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
	}

	public int controlPort() {
		return this.context.getEnvironment().getRequiredProperty("local.management.port", Integer.class);
	}

	public <T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	public Answer get(String path) {
		return send("GET", path, null, "Authorization", "Bearer " + KEY);
	}

	public Answer post(String path, String body, String... headers) {
		return postAs(KEY, path, body, headers);
	}

	public Answer postAs(String key, String path, String body, String... headers) {
		List<String> all = new ArrayList<>(
				List.of("Authorization", "Bearer " + key, "Content-Type", "application/json"));
		all.addAll(List.of(headers));
		return send("POST", path, body, all.toArray(String[]::new));
	}

	public Answer send(String method, String path, @Nullable String body, String... headers) {
		return sendTo(port(), method, path, body, headers);
	}

	public Answer sendTo(int port, String method, String path, @Nullable String body, String... headers) {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
			.timeout(Duration.ofSeconds(30))
			.method(method,
					(body != null) ? HttpRequest.BodyPublishers.ofString(body) : HttpRequest.BodyPublishers.noBody());
		if (headers.length > 0) {
			request.headers(headers);
		}
		try {
			HttpResponse<String> response = this.client.send(request.build(), HttpResponse.BodyHandlers.ofString());
			return new Answer(response.statusCode(), response);
		}
		catch (IOException ex) {
			throw new java.io.UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.context.close();
		this.client.close();
	}

	private static final class Shared {

		static final TestApi API = start(TestRedis.shared());

	}

}
