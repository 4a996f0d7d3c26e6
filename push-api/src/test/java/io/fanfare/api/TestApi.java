package io.fanfare.api;

import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.fanfare.test.redis.TestRedis;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.test.web.servlet.client.EntityExchangeResult;
import org.springframework.test.web.servlet.client.RestTestClient;

/** The API, running on free ports against a real Redis. */
public final class TestApi implements AutoCloseable {

	/** A key that may do everything. */
	public static final String KEY = "dev-secret-of-the-tests-and-of-nothing-else";

	/** A key that may publish to users and to news. */
	public static final String SHOP_KEY = "shop-secret-of-the-tests-and-of-nothing-else";

	/** A key that may look, and nothing else. */
	public static final String READ_KEY = "read-secret-of-the-tests-and-of-nothing-else";

	/** What stream tokens are signed with. */
	public static final String JWT_SECRET = "a secret of thirty-two bytes and more";

	/** What API tokens are signed with. */
	public static final String API_JWT_SECRET = "another secret of thirty-two bytes and more";

	public static final JsonMapper JSON = JsonMapper.builder().build();

	private final ConfigurableApplicationContext context;

	private final HttpClient connections = HttpClient.newHttpClient();

	private final RestTestClient client;

	private TestApi(ConfigurableApplicationContext context) {
		this.context = context;
		JdkClientHttpRequestFactory requests = new JdkClientHttpRequestFactory(this.connections);
		requests.setReadTimeout(Duration.ofSeconds(30));
		this.client = RestTestClient.bindToServer(requests).build();
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
		arguments.put("--fanfare.api.jwt.keys[0].algorithm", "HS256");
		arguments.put("--fanfare.api.jwt.keys[0].secret", API_JWT_SECRET);
		for (String property : properties) {
			String[] parts = property.split("=", 2);
			arguments.put(parts[0], parts[1]);
		}
		return new TestApi(new SpringApplicationBuilder(ApiApplication.class).logStartupInfo(false)
			.run(arguments.entrySet().stream().map(Object::toString).toArray(String[]::new)));
	}

	/** An answer. */
	public record Answer(int status, HttpHeaders headers, String body) {

		public JsonNode json() {
			return JSON.readTree(this.body);
		}

		public String header(String name) {
			return Objects.requireNonNullElse(this.headers.getFirst(name), "");
		}

		/** The last part of the problem's type. */
		public String problem() {
			String type = json().path("type").asString("");
			return header("Content-Type").equals("application/problem+json")
					? type.replace("https://fanfare.io/problems/", "") : "no problem but " + this.body;
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
		RestTestClient.RequestBodySpec request = this.client.method(HttpMethod.valueOf(method))
			.uri(URI.create("http://localhost:" + port + path));
		for (int i = 0; i < headers.length; i += 2) {
			request.header(headers[i], headers[i + 1]);
		}
		if (body != null) {
			request.body(body.getBytes(StandardCharsets.UTF_8));
		}
		EntityExchangeResult<byte[]> result = request.exchange().returnResult(byte[].class);
		byte[] answer = result.getResponseBody();
		return new Answer(result.getStatus().value(), result.getResponseHeaders(),
				(answer != null) ? new String(answer, StandardCharsets.UTF_8) : "");
	}

	@Override
	public void close() {
		this.context.close();
		this.connections.close();
	}

	private static final class Shared {

		static final TestApi API = start(TestRedis.shared());

	}

}
