package io.fanfare.local;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;

import org.springframework.core.env.Environment;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * A whole cluster by one command, without Docker: Redis as a child process (or one that
 * is there already), two nodes and the API in this JVM. Stops in order on Ctrl-C and
 * SIGTERM: streams, API, then Redis.
 */
public final class LocalCluster {

	private static final String PREFIX = "fanfare.redis.prefix";

	private LocalCluster() {
	}

	/** How it logs unless it is told otherwise. */
	private static final Map<String, String> LOGS = Map.of("logging.level.root", "WARN", "logging.level.io.fanfare",
			"INFO", "logging.config", "classpath:io/fanfare/local/logback.xml");

	public static void main(String[] args) throws IOException, InterruptedException {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources().addFirst(new SimpleCommandLinePropertySource(args));
		PrintStream console = System.out;
		try {
			run(LocalSettings.from(environment), common(environment), console);
		}
		catch (StartException ex) {
			console.println("\nFanfare does not start: " + ex.getMessage() + "\n");
			System.exit(1);
		}
	}

	/** Settings of every application. */
	static List<String> common(Environment environment) {
		List<String> common = new ArrayList<>();
		LOGS.forEach((name, standard) -> common.add("--" + name + "=" + environment.getProperty(name, standard)));
		String prefix = environment.getProperty(PREFIX);
		if (prefix != null) {
			common.add("--" + PREFIX + "=" + prefix);
		}
		return common;
	}

	private static void run(LocalSettings settings, List<String> common, PrintStream console)
			throws IOException, InterruptedException {
		Ports.check(settings);
		if (settings.endWithParent()) {
			ProcessHandle.current().parent().ifPresent((parent) -> parent.onExit().thenRun(() -> System.exit(0)));
		}
		console.println("Fanfare is starting ...");
		String given = settings.redisUrl();
		LocalRedis redis = given.isEmpty() ? LocalRedis.start() : null;
		String redisUrl = (redis != null) ? redis.url() : given;
		CountDownLatch stopped = new CountDownLatch(1);
		AtomicReference<Cluster> running = new AtomicReference<>();
		Runtime.getRuntime().addShutdownHook(new Thread(() -> {
			Cluster started = running.get();
			if (started != null) {
				started.close();
			}
			if (redis != null) {
				redis.close();
			}
			stopped.countDown();
		}));
		Cluster cluster = Cluster.start(settings, redisUrl, redisUrl, common);
		running.set(cluster);
		console.println(Instructions.of(cluster, settings, redisUrl));
		stopped.await();
	}

}
