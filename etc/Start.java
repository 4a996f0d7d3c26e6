import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What {@code mvnw} without arguments runs: looks at the ports, builds what has changed, and starts the local cluster. A
 * program of one file without dependencies, since it runs before anything is built, on whatever JDK runs Maven (from 11 on).
 * Arguments: the directory of the project, and the command of Maven.
 */
public final class Start {

	/** Modules whose classes the cluster runs. */
	private static final List<String> MODULES = List.of("push-protocol", "push-boot", "push-node", "push-api", "push-local");

	/** What StartCommand writes: the JVM's program, its class path, and its options, each in a line. */
	private static final String COMMAND = "push-local/target/start-command";

	private static final Pattern BUILDING = Pattern.compile("\\[INFO] Building (?:Fanfare :: )?(.+?) \\S+ +\\[\\d+/\\d+]");

	private final Path root;

	private final String maven;

	private final Map<String, String> environment;

	private Start(Path root, String maven) {
		this.root = root.toAbsolutePath().normalize();
		this.maven = maven;
		this.environment = System.getenv();
	}

	public static void main(String[] args) throws Exception {
		try {
			System.exit(new Start(Path.of(args[0]), args[1]).run());
		}
		catch (IllegalArgumentException ex) {
			System.out.println("Fanfare does not start: " + ex.getMessage());
			System.exit(1);
		}
	}

	private int run() throws IOException, InterruptedException {
		checkRedis();
		checkPorts();
		Path command = this.root.resolve(COMMAND);
		if (!isUpToDate(command)) {
			int code = build(command);
			if (code != 0) {
				return code;
			}
		}
		List<String> lines = Files.readAllLines(command);
		List<String> cluster = new ArrayList<>(List.of(lines.get(0)));
		cluster.addAll(lines.subList(2, lines.size()));
		cluster.addAll(List.of("io.fanfare.local.LocalCluster", "--fanfare.local.end-with-parent=true"));
		ProcessBuilder builder = new ProcessBuilder(cluster).inheritIO();
		// Longer than a command line may be on Windows
		builder.environment().put("CLASSPATH", lines.get(1));
		Process process = builder.start();
		Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(process)));
		return process.waitFor();
	}

	/** The cluster ends in order, and this after it: the shell is not to prompt into its last lines. */
	private static void stop(Process process) {
		process.destroy();
		try {
			process.waitFor(30, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private void checkRedis() {
		if (System.getProperty("os.name").startsWith("Windows") && setting("redis-url") == null) {
			throw new IllegalArgumentException("there is no Redis for Windows. Start one, such as by"
					+ " docker run -p 6379:6379 redis, and set FANFARE_LOCAL_REDISURL to its URL, redis://localhost:6379;"
					+ " or run ./mvnw in WSL.");
		}
	}

	// ---- ports

	/** Each is held until all are looked at, so that no two settings have the same. */
	private void checkPorts() throws IOException {
		List<ServerSocket> held = new ArrayList<>();
		List<String> taken = new ArrayList<>();
		try {
			for (String name : List.of("api-port", "stream-ports", "api-control-port", "control-ports")) {
				for (int port : ports(name)) {
					ServerSocket socket = new ServerSocket();
					held.add(socket);
					try {
						socket.setReuseAddress(true);
						socket.bind(new InetSocketAddress(port));
					}
					catch (IOException ex) {
						taken.add(port + " (fanfare.local." + name + ", " + variable(name) + ")");
					}
				}
			}
		}
		finally {
			for (ServerSocket socket : held) {
				socket.close();
			}
		}
		if (!taken.isEmpty()) {
			boolean one = taken.size() == 1;
			throw new IllegalArgumentException((one ? "port " : "ports ") + String.join(", ", taken)
					+ (one ? " is" : " are") + " taken. End the process that has " + (one ? "it" : "them")
					+ ", or set the variable" + (one ? " to another port." : "s to other ports."));
		}
	}

	private List<Integer> ports(String name) {
		String text = setting(name);
		if (text == null || text.isBlank()) {
			text = Map.of("api-port", "8080", "stream-ports", "8081,8082", "api-control-port", "9080", "control-ports",
					"9081,9082").get(name);
		}
		List<Integer> ports = new ArrayList<>();
		for (String port : text.split(",")) {
			if (!port.strip().matches("[0-9]{1,5}") || Integer.parseInt(port.strip()) > 65_535) {
				throw new IllegalArgumentException("a setting is wrong: fanfare.local." + name + " (" + variable(name)
						+ ") must be " + (name.endsWith("s") ? "ports, with commas between them," : "a port")
						+ " from 0 to 65535.");
			}
			ports.add(Integer.parseInt(port.strip()));
		}
		return ports;
	}

	/** As Spring Boot finds it: with and without underscores for dashes, a list also one by one. */
	private String setting(String name) {
		for (String variable : List.of(variable(name), "FANFARE_LOCAL_" + name.toUpperCase(Locale.ROOT).replace('-', '_'))) {
			if (this.environment.containsKey(variable)) {
				return this.environment.get(variable);
			}
			Map<Integer, String> items = new TreeMap<>();
			this.environment.forEach((key, value) -> {
				if (key.matches(variable + "_[0-9]{1,3}_?")) {
					items.put(Integer.parseInt(key.substring(variable.length()).replace("_", "")), value);
				}
			});
			if (!items.isEmpty()) {
				return String.join(",", items.values());
			}
		}
		return null;
	}

	private static String variable(String name) {
		return "FANFARE_LOCAL_" + name.toUpperCase(Locale.ROOT).replace("-", "");
	}

	// ---- building

	/** Whether nothing has changed since what was built last; directories change when a file comes or goes. */
	private boolean isUpToDate(Path command) throws IOException {
		if (!Files.exists(command)) {
			return false;
		}
		List<Path> sources = new ArrayList<>(List.of(this.root.resolve("pom.xml"), this.root.resolve(".mvn")));
		for (String module : MODULES) {
			sources.add(this.root.resolve(module).resolve("pom.xml"));
			sources.add(this.root.resolve(module).resolve("src/main"));
		}
		FileTime built = Files.getLastModifiedTime(command);
		for (Path source : sources) {
			try (Stream<Path> files = Files.walk(source)) {
				for (Path file : files.collect(Collectors.toList())) {
					if (Files.getLastModifiedTime(file).compareTo(built) >= 0) {
						return false;
					}
				}
			}
		}
		List<String> lines = Files.readAllLines(command);
		if (lines.size() < 2 || !Files.exists(Path.of(lines.get(0)))) {
			return false;
		}
		for (String entry : lines.get(1).split(Pattern.quote(File.pathSeparator))) {
			if (!isPresent(Path.of(entry))) {
				return false;
			}
		}
		return true;
	}

	private static boolean isPresent(Path entry) throws IOException {
		if (!Files.isDirectory(entry)) {
			return Files.exists(entry);
		}
		try (Stream<Path> files = Files.list(entry)) {
			return files.findAny().isPresent();
		}
	}

	private int build(Path command) throws IOException, InterruptedException {
		// What is edited while this builds is newer than what is built
		FileTime began = FileTime.from(Instant.now());
		Files.deleteIfExists(command);
		System.out.print("Building Fanfare (the first time this takes some minutes, most of them for downloads): ");
		System.out.flush();
		Process process = new ProcessBuilder(this.maven, "-B", "--no-transfer-progress", "-Dstyle.color=never", "-pl",
				"push-local", "-am", "compile", "exec:exec", "-Dstart-class=io.fanfare.local.StartCommand")
			.directory(this.root.toFile())
			.redirectErrorStream(true)
			.start();
		process.getOutputStream().close();
		show(process);
		int code = process.waitFor();
		if (code == 0 && !Files.exists(command)) {
			throw new IllegalArgumentException("Maven has built it and did not write " + command);
		}
		if (code == 0) {
			Files.setLastModifiedTime(command, began);
		}
		return code;
	}

	/** One line of progress; warnings and errors, with the lines that belong to them, as they are. */
	private static void show(Process process) throws IOException {
		try (BufferedReader output = new BufferedReader(
				new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
			boolean inLine = true;
			boolean shown = true;
			String separator = "";
			for (String line = output.readLine(); line != null; line = output.readLine()) {
				Matcher building = BUILDING.matcher(line);
				if (building.matches()) {
					System.out.print((inLine ? separator : "") + building.group(1));
					System.out.flush();
					inLine = true;
					separator = ", ";
				}
				if (line.startsWith("[")) {
					shown = !line.startsWith("[INFO]");
				}
				if (shown && !line.isBlank()) {
					System.out.println((inLine ? "\n" : "") + line);
					inLine = false;
				}
			}
			System.out.println(inLine ? "." : "");
		}
	}

}
