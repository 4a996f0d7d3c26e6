package io.fanfare.clients;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.fanfare.local.LocalCluster;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Clients that openapi-generator makes of the document that a running cluster publishes
 * compile, and publish to one user, some users, a topic and everyone. Each client has a
 * user of its own, so all of them run at the same time.
 */
@Execution(ExecutionMode.CONCURRENT)
class GeneratedClientsIT {

	private static final String KEY = "dev-secret";

	private static final Duration TIME = Duration.ofMinutes(2);

	private static final List<String> KINDS = List.of("user", "users", "channel", "all");

	private static final String JAVA = ChildProcess.jdk("java");

	@TempDir
	static Path directory;

	private static ChildProcess cluster;

	private static String api;

	private static int streamPort;

	@BeforeAll
	static void startAndGenerate() throws Exception {
		List<Integer> ports = Ports.free(6);
		streamPort = ports.get(0);
		api = "http://localhost:" + ports.get(4);
		Path log = directory.resolve("cluster.log");
		cluster = ChildProcess.start("TERM", log, List.of(JAVA, "-Xmx512m", "-XX:TieredStopAtLevel=1",
				"--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-cp",
				System.getProperty("java.class.path"), LocalCluster.class.getName(),
				"--fanfare.local.stream-ports=" + ports.get(0) + "," + ports.get(1),
				"--fanfare.local.control-ports=" + ports.get(2) + "," + ports.get(3),
				"--fanfare.local.api-port=" + ports.get(4), "--fanfare.local.api-control-port=" + ports.get(5)));
		cluster.awaitOutput("Fanfare is up", TIME);
		Files.writeString(directory.resolve("openapi.json"),
				new ApiClient(api, KEY).get("/v3/api-docs").ok().toString());
		generate("restclient", "java", "restclient", "invokerPackage: fanfare.restclient",
				"apiPackage: fanfare.restclient.api", "modelPackage: fanfare.restclient.model", "useJakartaEe: true");
		generate("native", "java", "native", "invokerPackage: fanfare.jdk", "apiPackage: fanfare.jdk.api",
				"modelPackage: fanfare.jdk.model", "useJakartaEe: true");
		generate("typescript", "typescript-fetch", "");
		generate("python", "python", "", "packageName: fanfare");
		run(JAVA, "-XX:TieredStopAtLevel=1", "-jar", System.getProperty("fanfare.clients.generator"), "batch",
				"restclient.yaml", "native.yaml", "typescript.yaml", "python.yaml");
	}

	private static void generate(String name, String generator, String library, String... properties)
			throws IOException {
		List<String> lines = new ArrayList<>(
				List.of("generatorName: " + generator, "inputSpec: openapi.json", "outputDir: " + name + "/client"));
		if (!library.isEmpty()) {
			lines.add("library: " + library);
		}
		lines.add("additionalProperties:");
		lines.add("  hideGenerationTimestamp: true");
		Stream.of(properties).map((property) -> "  " + property).forEach(lines::add);
		Files.write(directory.resolve(name + ".yaml"), lines);
	}

	@AfterAll
	static void stop() {
		if (cluster != null) {
			cluster.close();
		}
	}

	@Test
	void theClientForSpringsRestClientPublishes() throws Exception {
		java("restclient");
	}

	@Test
	void theClientForTheHttpClientOfTheJdkPublishes() throws Exception {
		java("native");
	}

	private static void java(String name) throws Exception {
		Path program = copy(name, "Publish.java");
		String path = System.getProperty("java.class.path");
		List<String> sources = new ArrayList<>(List.of("-nowarn", "-proc:none", "-d", name + "/classes", "-cp",
				"\"" + path + "\"", program.toString()));
		try (Stream<Path> files = Files.walk(directory.resolve(name).resolve("client/src/main/java"))) {
			files.map(Path::toString).filter((file) -> file.endsWith(".java")).forEach(sources::add);
		}
		Files.write(directory.resolve(name + ".sources"), sources);
		run(ChildProcess.jdk("javac"), "-J-XX:TieredStopAtLevel=1", "@" + name + ".sources");
		assertPublishes(name, JAVA, "-XX:TieredStopAtLevel=1", "-cp", name + "/classes" + File.pathSeparator + path,
				"Publish");
	}

	@Test
	void theClientForFetchPublishes() throws Exception {
		String node = Assume.installed(RequiredTool.NODE).toString();
		Path program = copy("typescript", "publish.ts");
		run(node, System.getProperty("fanfare.clients.tsc"), "--strict", "--target", "es2022", "--module", "commonjs",
				"--lib", "es2022,dom,dom.iterable", "--outDir", "typescript/out", program.toString());
		assertPublishes("typescript", node, "typescript/out/publish.js");
	}

	@Test
	void theClientForPythonPublishes() throws Exception {
		Path program = copy("python", "publish.py");
		assertPublishes("python", "env", "PYTHONPATH=python/client", Assume.installed(RequiredTool.PYTHON).toString(),
				program.toString());
	}

	private static Path copy(String name, String program) throws IOException {
		Path target = directory.resolve(name).resolve(program);
		try (InputStream in = GeneratedClientsIT.class.getResourceAsStream("/clients/" + name + "/" + program)) {
			Files.copy(in, target);
		}
		return target;
	}

	/**
	 * Runs a program that publishes to each kind of target while its user has a stream.
	 */
	private static void assertPublishes(String name, String... program) throws Exception {
		String token = new ApiClient(api, KEY).token(name);
		try (SseClient stream = SseClient.request("127.0.0.1", streamPort, "/events")
			.query("channel", "news")
			.bearer(token)
			.open()) {
			stream.awaitBlock((block) -> block.fires("push.connected"), TIME);
			List<String> command = new ArrayList<>(List.of(program));
			command.addAll(List.of(api, KEY, name));
			run(command.toArray(String[]::new));
			for (String kind : KINDS) {
				stream.awaitBlock((block) -> block.fires("client")
						&& ("{\"text\":\"" + name + " " + kind + "\"}").equals(block.data()), TIME);
			}
		}
	}

	private static void run(String... command) {
		ChildProcess.command(command).directory(directory).run(TIME).orThrow();
	}

}
