package io.fanfare.test.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * An executable jar as its image holds it (see the {@code Dockerfile}): taken apart, and
 * beside it what a JVM learned of it in a training run, so that a start takes half the
 * time. Both are made when they are first asked for after the jar was built.
 */
public final class ServiceJar {

	/** The same for training and use. */
	private static final List<String> OPTIONS = List.of("--enable-native-access=ALL-UNNAMED",
			"--sun-misc-unsafe-memory-access=allow");

	/** Of each jar: one prepares it, and others wait. */
	private static final Map<Path, Lock> LOCKS = new ConcurrentHashMap<>();

	/** For the writing of what was learned. */
	private static final Duration END = Duration.ofMinutes(1);

	private final Path jar;

	private final Path cache;

	private ServiceJar(Path jar, Path cache) {
		this.jar = jar;
		this.cache = cache;
	}

	/** What the JVM learns from. */
	public enum Training {

		/** Starting, up to where it would connect to something. */
		START("-Dspring.context.exit=onRefresh", "", Duration.ofMinutes(2)),

		/** An API's start and its warm-up. */
		API_WARM_UP("", "--fanfare.api.warm-up=25s --fanfare.api.port=0 --fanfare.control.port=0",
				Duration.ofSeconds(40)),

		/** A node's start and its warm-up. */
		NODE_WARM_UP("", "--fanfare.stream.warm-up=15s --fanfare.stream.port=0 --fanfare.control.port=0"
				+ " --fanfare.connections.drain-window=0", Duration.ofSeconds(30));

		private final String options;

		private final String arguments;

		private final Duration time;

		Training(String options, String arguments, Duration time) {
			this.options = options;
			this.arguments = arguments;
			this.time = time;
		}

		private static List<String> words(String text) {
			return text.isEmpty() ? List.of() : List.of(text.split(" "));
		}

	}

	/**
	 * Takes a jar apart and trains, unless that was done since it was built.
	 * @param built the jar
	 * @param training what the JVM learns from
	 * @param settings of the training run; without a Redis there is no warm-up
	 * @return where things are
	 */
	public static ServiceJar of(Path built, Training training, String... settings) {
		Lock lock = LOCKS.computeIfAbsent(built, (jar) -> new ReentrantLock());
		lock.lock();
		try {
			Path directory = Files.createDirectories(built.resolveSibling("image"));
			takeApart(built, directory);
			ServiceJar service = new ServiceJar(directory.resolve(built.getFileName()), cache(directory, training));
			if (!Files.exists(service.cache)) {
				service.train(training, settings);
			}
			return service;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		finally {
			lock.unlock();
		}
	}

	private static void takeApart(Path built, Path directory) throws IOException {
		// Not by its time: builds that can be repeated give every jar the same.
		Path of = directory.resolve("digest");
		String digest = digest(built);
		if (Files.exists(of) && Files.readString(of).equals(digest)) {
			return;
		}
		for (Training training : Training.values()) {
			Files.deleteIfExists(cache(directory, training));
		}
		run(directory.resolve("extract.log"), Duration.ofMinutes(1), List.of(java(), "-Djarmode=tools", "-jar",
				built.toString(), "extract", "--force", "--destination", directory.toString()));
		Files.writeString(of, digest);
	}

	private static Path cache(Path directory, Training training) {
		return directory.resolve(training.name().toLowerCase(Locale.ROOT) + ".aot");
	}

	private static String digest(Path file) throws IOException {
		try {
			return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void train(Training training, String... settings) throws IOException {
		List<String> command = new ArrayList<>(List.of(java()));
		command.addAll(OPTIONS);
		command.add("-XX:AOTCacheOutput=" + this.cache);
		command.addAll(Training.words(training.options));
		command
			.addAll(List.of("-jar", this.jar.toString(), "--fanfare.jwt.secret=for-the-training-run-and-nothing-else",
					"--fanfare.api.keys=training:training-secret:read", "--fanfare.development=true"));
		command.addAll(Training.words(training.arguments));
		command.addAll(List.of(settings));
		Path log = this.cache.resolveSibling(this.cache.getFileName() + ".log");
		run(log, training.time, command);
		if (!Files.exists(this.cache)) {
			throw new IllegalStateException("Nothing was learned:\n" + Files.readString(log));
		}
	}

	/**
	 * What starts the service.
	 * @param options more options of the JVM
	 * @return the command, to which arguments may be added
	 */
	public List<String> command(List<String> options) {
		List<String> command = new ArrayList<>(List.of(java()));
		command.addAll(OPTIONS);
		command.addAll(options);
		command.addAll(List.of("-XX:AOTCache=" + this.cache, "-jar", this.jar.toString()));
		return command;
	}

	private static String java() {
		return ChildProcess.jdk("java");
	}

	/** Ends by itself, or is asked to end when its time is over. */
	private static void run(Path log, Duration time, List<String> command) {
		try (ChildProcess child = ChildProcess.command(command).output(log).killedAfter(END).start()) {
			if (child.awaitEnd(time) == null) {
				child.stop();
			}
		}
	}

}
