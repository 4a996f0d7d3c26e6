package io.fanfare.local;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

import org.springframework.boot.SpringApplication;
import org.springframework.core.env.Environment;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * A whole cluster by one command, without Docker: Redis as a child process, two nodes and
 * the API in this JVM. Stops in order on Ctrl-C and SIGTERM: streams, API, then Redis.
 */
public final class LocalCluster {

	private static final String PREFIX = "fanfare.redis.prefix";

	private LocalCluster() {
	}

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
	static String[] common(Environment environment) {
		List<String> common = new ArrayList<>(List.of("--logging.level.root=WARN", "--logging.level.io.fanfare=INFO"));
		String prefix = environment.getProperty(PREFIX);
		if (prefix != null) {
			common.add("--" + PREFIX + "=" + prefix);
		}
		return common.toArray(String[]::new);
	}

	private static void run(LocalSettings settings, String[] common, PrintStream console)
			throws IOException, InterruptedException {
		Ports.check(settings);
		if (settings.endWithParent()) {
			ProcessHandle.current().parent().ifPresent((parent) -> parent.onExit().thenRun(() -> System.exit(0)));
		}
		console.println("Fanfare is starting ...");
		LocalRedis redis = LocalRedis.start();
		CountDownLatch stopped = new CountDownLatch(1);
		// Boot runs these after it has closed its applications.
		SpringApplication.getShutdownHandlers().add(() -> {
			redis.close();
			stopped.countDown();
		});
		Cluster cluster = Cluster.start(settings, redis.url(), common);
		console.println(Instructions.of(cluster, settings, redis.url()));
		stopped.await();
	}

}
