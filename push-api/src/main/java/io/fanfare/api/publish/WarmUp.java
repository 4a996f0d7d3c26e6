package io.fanfare.api.publish;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.api.auth.ApiKeys;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.ratelimit.CallerLimits;
import io.fanfare.boot.tracing.Tracing;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.ScratchPartition;
import io.fanfare.redis.history.Publisher;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/**
 * Lets the JVM compile what publishing takes before a caller waits for it: calls the
 * API's own port for as long as it is notified, while the API is not ready yet.
 * <p>
 * For that time {@link #PATH} has the endpoints of {@code /v1} once more, with a key of
 * their own, over a {@link ScratchPartition} and with a meter registry that is thrown
 * away; in front of them everything is shared with real requests. Whatever goes wrong
 * ends it, above all a Redis that does not answer or is full, and the API is ready all
 * the same.
 */
@Component
final class WarmUp implements ApplicationRunner {

	private static final Logger log = LoggerFactory.getLogger(WarmUp.class);

	/** No key that is set can have this name. */
	private static final String KEY = "~warm-up";

	private static final String PATH = "/v1/warm-up";

	private static final int CALLERS = 4;

	/** Requests after which nothing of it gets faster. */
	private static final int ENOUGH = 60_000;

	/** Requests on one connection, as many as are few enough for any server. */
	private static final int KEPT = 100;

	private static final int BATCH = 20;

	private static final int PATIENCE_MS = 5_000;

	private static final Duration METERS_PATIENCE = Duration.ofSeconds(1);

	private static final int ANSWER = 16_384;

	private static final int HISTORY = 100;

	private static final Duration HISTORY_AGE = Duration.ofSeconds(10);

	private static final Pattern LENGTH = Pattern.compile("\r\ncontent-length: {0,9}(\\d{1,9})\r\n",
			Pattern.CASE_INSENSITIVE);

	private final Duration duration;

	private final ApiKeys keys;

	private final CommandLink link;

	private final RedisKeys installation;

	private final ApplicationContext application;

	private final RequestMappingHandlerMapping mappings;

	private final MeterRegistry meters;

	private final Ticker ticker;

	private final AtomicInteger requests = new AtomicInteger();

	WarmUp(WarmUpSettings settings, ApiKeys keys, CommandLink link, RedisKeys installation,
			ApplicationContext application,
			@Qualifier("requestMappingHandlerMapping") RequestMappingHandlerMapping mappings, MeterRegistry meters,
			Ticker ticker) {
		this.duration = settings.warmUp();
		this.keys = keys;
		this.link = link;
		this.installation = installation;
		this.application = application;
		this.mappings = mappings;
		this.meters = meters;
		this.ticker = ticker;
	}

	@Override
	public void run(ApplicationArguments arguments) {
		if (!this.duration.isPositive()) {
			return;
		}
		long began = this.ticker.nanoTime();
		try {
			publish(began + this.duration.toNanos());
			log.info("warm-up=done requests={} ms={}", this.requests, (this.ticker.nanoTime() - began) / 1_000_000);
		}
		catch (IOException | ExecutionException | RuntimeException ex) {
			Throwable cause = (ex instanceof ExecutionException && ex.getCause() != null) ? ex.getCause() : ex;
			log.warn("warm-up=failed requests={} reason=\"{}\"", this.requests, cause.toString());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private void publish(long deadline) throws IOException, ExecutionException, InterruptedException {
		try (ScratchPartition scratch = ScratchPartition.open(this.link, this.installation, this.duration);
				AnnotationConfigApplicationContext own = context(scratch)) {
			List<RequestMappingInfo> mapped = map(own);
			String secret = this.keys.issue(KEY, Scope.PUBLISH);
			try {
				call(secret, deadline);
			}
			finally {
				this.keys.withdraw(KEY);
				mapped.forEach(this.mappings::unregisterMapping);
				forgetRequests();
			}
		}
	}

	/** What publishes to the scratch partition; all else is the application's. */
	private AnnotationConfigApplicationContext context(ScratchPartition scratch) {
		AnnotationConfigApplicationContext own = new AnnotationConfigApplicationContext();
		own.setParent(this.application);
		own.registerBean(Publisher.class, () -> new Publisher(scratch.link(), scratch.keys(), HISTORY, HISTORY_AGE),
				(definition) -> definition.setPrimary(true));
		own.registerBean(CallerLimits.class, CallerLimits::none, (definition) -> definition.setPrimary(true));
		own.registerBean(MeterRegistry.class, () -> new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
				(definition) -> definition.setPrimary(true));
		own.registerBean(Tracing.class, () -> Tracing.OFF, (definition) -> definition.setPrimary(true));
		own.register(Turns.class, RunningKeys.class, Publishing.class, MessageEndpoint.class, BatchEndpoint.class);
		own.refresh();
		return own;
	}

	/** Maps the endpoints of that context as those of the application are. */
	private List<RequestMappingInfo> map(ApplicationContext own) {
		List<RequestMappingInfo> mapped = new ArrayList<>();
		this.mappings.getHandlerMethods().forEach((info, method) -> {
			if (own.containsLocalBean(method.getBean().toString())) {
				RequestMappingInfo second = info.mutate()
					.paths(info.getPatternValues()
						.stream()
						.map((path) -> path.replaceFirst("^/v1", PATH))
						.toArray(String[]::new))
					.options(this.mappings.getBuilderConfiguration())
					.build();
				this.mappings.registerMapping(second, own.getBean(method.getBeanType()), method.getMethod());
				mapped.add(second);
			}
		});
		return mapped;
	}

	private void call(String secret, long deadline) throws IOException, ExecutionException, InterruptedException {
		Environment environment = this.application.getEnvironment();
		String address = environment.getProperty("server.address");
		InetSocketAddress server = new InetSocketAddress(
				(address != null) ? InetAddress.getByName(address) : InetAddress.getLoopbackAddress(),
				environment.getRequiredProperty("local.server.port", Integer.class));
		List<byte[]> texts = texts(secret);
		Callable<Void> caller = () -> {
			while (goesOn(deadline)) {
				callOn(server, texts, deadline);
			}
			return null;
		};
		try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
			for (Future<Void> one : callers.invokeAll(Collections.nCopies(CALLERS, caller))) {
				one.get();
			}
		}
	}

	/**
	 * Takes its requests out of the metrics, which count one after its answer was sent.
	 */
	private void forgetRequests() {
		long began = this.ticker.nanoTime();
		while (requestMeters().stream().mapToLong(Timer::count).sum() < this.requests.get()
				&& this.ticker.nanoTime() - began < METERS_PATIENCE.toNanos()) {
			LockSupport.parkNanos(1_000_000);
		}
		requestMeters().forEach(this.meters::remove);
	}

	private List<Timer> requestMeters() {
		return this.meters.find("http.server.requests")
			.tag("uri", (uri) -> uri.startsWith(PATH))
			.timers()
			.stream()
			.toList();
	}

	private boolean goesOn(long deadline) {
		return this.ticker.nanoTime() - deadline < 0 && this.requests.get() < ENOUGH
				&& !Thread.currentThread().isInterrupted();
	}

	private void callOn(InetSocketAddress server, List<byte[]> texts, long deadline) throws IOException {
		try (Socket socket = new Socket()) {
			socket.setTcpNoDelay(true);
			socket.setSoTimeout(PATIENCE_MS);
			socket.connect(server, PATIENCE_MS);
			byte[] answer = new byte[ANSWER];
			for (int i = 0; i < KEPT && goesOn(deadline); i++) {
				socket.getOutputStream().write(texts.get(this.requests.getAndIncrement() % texts.size()));
				read(socket.getInputStream(), answer);
			}
		}
	}

	/** Reads an answer to its end. */
	private static void read(InputStream in, byte[] answer) throws IOException {
		int read = 0;
		int end = -1;
		while (end < 0 || read < end) {
			int more = in.read(answer, read, answer.length - read);
			if (more <= 0) {
				throw new EOFException("No whole answer");
			}
			read += more;
			String text = new String(answer, 0, read, StandardCharsets.ISO_8859_1);
			int head = text.indexOf("\r\n\r\n");
			if (end < 0 && head >= 0) {
				Matcher length = LENGTH.matcher(text);
				if (!text.startsWith("HTTP/1.1 200 ") || !length.find()) {
					throw new IOException("Answered " + text.lines().findFirst().orElse(""));
				}
				end = head + 4 + Integer.parseInt(length.group(1));
			}
		}
	}

	private static List<byte[]> texts(String secret) {
		String user = "{\"to\":{\"user\":\"warm-up\"},\"event\":\"order\",\"data\":{\"id\":42,\"state\":\"shipped\","
				+ "\"items\":[{\"sku\":\"a-1\",\"count\":2}]}}";
		String text = "{\"to\":{\"user\":\"warm-up-2\"},\"data\":\"Lunch is ready, come down, all of you\"}";
		String topic = "{\"to\":{\"channel\":\"warm.up\"},\"event\":\"headline\",\"data\":\"It rains\",\"ttl\":\"PT1H\"}";
		String all = "{\"to\":{\"all\":true},\"data\":{\"text\":\"warm-up\",\"number\":1}}";
		String batch = "{\"messages\":[" + String.join(",", Collections.nCopies(BATCH, user)) + "]}";
		return List.of(request(secret, "/messages", user), request(secret, "/messages", text),
				request(secret, "/messages", topic), request(secret, "/messages", user),
				request(secret, "/messages/batch", batch), request(secret, "/messages", text),
				request(secret, "/messages", all), request(secret, "/messages", user));
	}

	private static byte[] request(String secret, String path, String body) {
		return ("POST " + PATH + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nAuthorization: Bearer " + secret
				+ "\r\nContent-Type: application/json\r\nUser-Agent: fanfare-warm-up\r\nContent-Length: "
				+ body.length() + "\r\n\r\n" + body)
			.getBytes(StandardCharsets.US_ASCII);
	}

}
