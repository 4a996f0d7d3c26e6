package io.fanfare.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Launch;
import io.fanfare.test.process.RequiredTool;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The client as a package for npm. It is copied to {@code target/npm}, so that what npm
 * installs is not among the sources, and installed once per lock file.
 */
class ClientPackageIT {

	private static final Path PACKAGE = Path.of("").toAbsolutePath();

	private static final Path COPY = PACKAGE.resolve("target/npm");

	private static final List<String> FILES = List.of("package.json", "package-lock.json", "tsconfig.json",
			"README.md");

	private static final Duration TIME = Duration.ofMinutes(3);

	private static String node;

	@BeforeAll
	static void install() throws IOException {
		node = Assume.installed(RequiredTool.NODE).toString();
		String npm = Assume.installed(RequiredTool.NPM).toString();
		Files.createDirectories(COPY);
		Path installed = COPY.resolve("node_modules/.package-lock.json");
		boolean same = Files.exists(installed)
				&& Files.mismatch(PACKAGE.resolve("package-lock.json"), COPY.resolve("package-lock.json")) < 0;
		for (String file : FILES) {
			Files.copy(PACKAGE.resolve(file), COPY.resolve(file), StandardCopyOption.REPLACE_EXISTING);
		}
		copyScripts("src");
		copyScripts("test");
		if (!same) {
			Launch.Completed done = launch(npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund")
				.run(TIME);
			if (done.status() != 0) {
				Files.deleteIfExists(COPY.resolve("package-lock.json"));
			}
			// Without a network and a cache of npm there is nothing to run it with
			Assumptions.assumeTrue(done.status() == 0 || "true".equals(System.getenv("CI")), done.output());
			done.orThrow();
		}
	}

	private static void copyScripts(String directory) throws IOException {
		Path target = Files.createDirectories(COPY.resolve(directory));
		try (Stream<Path> old = Files.list(target)) {
			for (Path file : old.toList()) {
				Files.delete(file);
			}
		}
		try (Stream<Path> scripts = Files.list(PACKAGE.resolve(directory))) {
			for (Path script : scripts.filter(Files::isRegularFile).toList()) {
				Files.copy(script, target.resolve(script.getFileName()));
			}
		}
	}

	private static Launch launch(String... command) {
		return ChildProcess.command(command).directory(COPY).environment((environment) -> {
			environment.put("FANFARE_REPOSITORY", PACKAGE.getParent().toString());
			environment.put("FANFARE_LONG", System.getProperty("fanfare.long", "false"));
		});
	}

	@Test
	void itsOwnTestsPass() throws IOException {
		List<String> command = new ArrayList<>(List.of(node, "--test", "--test-reporter=spec"));
		try (Stream<Path> tests = Files.list(COPY.resolve("test"))) {
			tests.map(Path::toString).filter((file) -> file.endsWith(".test.js")).sorted().forEach(command::add);
		}
		assertThat(command).hasSizeGreaterThan(3);
		assertThat(launch(command.toArray(String[]::new)).run(TIME.multipliedBy(10)).orThrow())
			.containsPattern("(?m)^. fail 0$")
			.containsPattern("(?m)^. pass [1-9]");
	}

	@Test
	void itsTypesAreThoseOfItsSources() throws IOException {
		launch(node, "node_modules/typescript/bin/tsc", "--project", "tsconfig.json", "--outDir", "types").run(TIME)
			.orThrow();
		List<String> names = new ArrayList<>();
		try (Stream<Path> made = Files.list(COPY.resolve("types"))) {
			for (Path file : made.toList()) {
				names.add(file.getFileName().toString());
				assertThat(Files.readString(PACKAGE.resolve("src").resolve(file.getFileName())))
					.as("Make it anew: npm run types")
					.isEqualTo(Files.readString(file));
			}
		}
		assertThat(names).containsExactlyInAnyOrder("fanfare.d.ts", "fanfare-worker.d.ts", "fanfare-doctor.d.ts",
				"fanfare-doctor-findings.d.ts", "types.d.ts");
	}

	@Test
	void publintFindsNothing() {
		assertThat(launch(node, "node_modules/publint/src/cli.js", "--strict").run(TIME).orThrow())
			.contains("All good!");
	}

	@Test
	void itsTypesResolveForModules() {
		launch(node, "node_modules/@arethetypeswrong/cli/dist/index.js", "--pack", ".", "--profile", "esm-only",
				"--no-emoji", "--no-color")
			.run(TIME)
			.orThrow();
	}

}
