package io.fanfare.local;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.RequiredTool;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A Chromium whose tabs are reached by the DevTools protocol alone. Playwright makes each
 * page believe that it has the focus, and a page that is visible is never frozen.
 */
final class DevToolsBrowser implements AutoCloseable {

	private static final Duration START = Duration.ofSeconds(30);

	private static final Duration ANSWER = Duration.ofSeconds(10);

	private final HttpClient http = HttpClient.newHttpClient();

	private final ChildProcess process;

	private final String port;

	private DevToolsBrowser(ChildProcess process, String port) {
		this.process = process;
		this.port = port;
	}

	/**
	 * Starts it. Where Chromium is missing, the test is skipped.
	 * @param directory where it keeps its files
	 */
	static DevToolsBrowser start(Path directory) throws IOException {
		Path chromium = Assume.installed(RequiredTool.CHROMIUM);
		ChildProcess process = ChildProcess.start("TERM", directory.resolve("chromium.log"),
				List.of(chromium.toString(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
						"--no-first-run", "--disable-background-networking", "--disable-component-update",
						"--disable-sync", "--user-data-dir=" + directory.resolve("profile"),
						"--remote-debugging-port=0", "about:blank"));
		Path ports = directory.resolve("profile").resolve("DevToolsActivePort");
		process.awaitReady(() -> Files.isReadable(ports) && ports.toFile().length() > 0, START);
		return new DevToolsBrowser(process, Files.readAllLines(ports).getFirst());
	}

	/**
	 * Opens a tab; those that were opened before are hidden from then on.
	 * @param before a script that runs before those of the page
	 */
	Tab open(String before, String address) throws IOException, InterruptedException {
		HttpRequest request = HttpRequest
			.newBuilder(URI.create("http://127.0.0.1:" + this.port + "/json/new?about:blank"))
			.PUT(HttpRequest.BodyPublishers.noBody())
			.timeout(ANSWER)
			.build();
		String target = this.http.send(request, HttpResponse.BodyHandlers.ofString()).body();
		Tab tab = new Tab();
		tab.socket = this.http.newWebSocketBuilder()
			.buildAsync(URI.create(JsonMapper.shared().readTree(target).required("webSocketDebuggerUrl").asString()),
					tab)
			.orTimeout(ANSWER.toSeconds(), TimeUnit.SECONDS)
			.join();
		tab.send("Page.enable", Map.of());
		tab.send("Page.addScriptToEvaluateOnNewDocument", Map.of("source", before));
		tab.send("Page.navigate", Map.of("url", address));
		return tab;
	}

	@Override
	public void close() {
		this.process.close();
		this.http.close();
	}

	/** A tab. Any thread may call. */
	static final class Tab implements ReceivingTab, WebSocket.Listener {

		private final AtomicInteger last = new AtomicInteger();

		private final Map<Integer, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();

		/** What has arrived of a message. */
		private final StringBuilder text = new StringBuilder();

		private @Nullable WebSocket socket;

		private Tab() {
		}

		@Override
		public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
			this.text.append(part);
			if (isLast) {
				JsonNode message = JsonMapper.shared().readTree(this.text.toString());
				this.text.setLength(0);
				CompletableFuture<JsonNode> answer = message.has("id") ? this.waiting.remove(message.get("id").asInt())
						: null;
				if (answer != null) {
					answer.complete(message);
				}
			}
			from.request(1);
			return null;
		}

		/** Calls a method of the protocol. */
		JsonNode send(String method, Map<String, ?> parameters) {
			int id = this.last.incrementAndGet();
			CompletableFuture<JsonNode> answer = new CompletableFuture<>();
			this.waiting.put(id, answer);
			this.socket
				.sendText(JsonMapper.shared()
					.writeValueAsString(Map.of("id", id, "method", method, "params", parameters)), true)
				.join();
			return answer.orTimeout(ANSWER.toSeconds(), TimeUnit.SECONDS).join().required("result");
		}

		@Override
		public String text(String expression) {
			return send("Runtime.evaluate", Map.of("expression", expression)).required("result")
				.required("value")
				.asString();
		}

		/** As a browser does with a hidden tab: no script, timer or task of it runs. */
		void freeze() {
			send("Page.setWebLifecycleState", Map.of("state", "frozen"));
		}

		void resume() {
			send("Page.setWebLifecycleState", Map.of("state", "active"));
		}

	}

}
