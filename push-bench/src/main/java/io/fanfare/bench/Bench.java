package io.fanfare.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.fanfare.bench.load.LoadProcess;
import io.fanfare.bench.measure.Measures;
import io.fanfare.bench.measure.Plan;
import io.fanfare.bench.naive.NaiveServer;
import io.fanfare.bench.peer.Catalog;
import io.fanfare.bench.peer.Site;
import io.fanfare.bench.process.Programs;
import io.fanfare.bench.report.Report;
import io.fanfare.bench.report.Run;
import io.fanfare.bench.report.Run.Session;
import io.fanfare.test.process.ProcFs;

/** The command line. */
public final class Bench {

	private static final String USAGE = """
			push-bench/run [options]                 measures
			push-bench/run smoke [options]           everything once, small
			push-bench/run report [FILE...]          writes docs/performance.md from run.json files, or anew


			--systems=%s
			--measures=%s
			--streams=10000 --rates=5,20,50,200 --growth=1000,10000,19000 --seconds=6 --hold=60 --cluster=100000
			--out=FOLDER                             default push-bench/target/run
			--merge                                  keeps what FOLDER's run.json has of points that are not measured now
			-Dfanfare.bench.NAME=PATH before the command names a program that is not on the PATH
			"""
		.formatted(String.join(",", Arrays.stream(Catalog.values()).map(Catalog::title).toList()),
				String.join(",", Plan.MEASURES));

	private Bench() {
	}

	public static void main(String[] args) throws IOException {
		String command = (args.length == 0 || args[0].startsWith("--")) ? "run" : args[0];
		List<String> rest = Arrays.asList(args)
			.subList((args.length > 0 && args[0].equals(command)) ? 1 : 0, args.length);
		switch (command) {
			case "run" -> measure(Plan.read(Plan.whole(), rest), true, rest);
			case "smoke" -> measure(Plan.read(Plan.smoke(), rest), false, rest);
			case "report" -> report(rest);
			case "load" -> LoadProcess.run();
			case "naive" -> NaiveServer.run(rest.toArray(String[]::new));
			default -> System.out.println(USAGE);
		}
	}

	private static void measure(Plan plan, boolean warms, List<String> options) throws IOException {
		String out = options.stream()
			.filter((option) -> option.startsWith("--out="))
			.map((option) -> option.substring(6))
			.findFirst()
			.orElse("");
		Site home = Site.find(Files.createTempDirectory("push-bench"));
		Path folder = out.isEmpty() ? home.root().resolve("push-bench/target/run") : Path.of(out);
		Site found = Site.find(folder.resolve("work"));
		Site site = warms ? found : found.cold();
		Path before = folder.resolve("run.json");
		Run kept = (options.contains("--merge") && Files.exists(before)) ? Report.read(List.of(before)) : Run.EMPTY;
		Measures measures = new Measures(plan, site);
		String command = String.join(" ", options.stream().filter((option) -> !option.startsWith("--out=")).toList());
		Session session = new Session(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(), machine(),
				versions(plan, site),
				Programs.line("git", "-C", site.root().toString(), "describe", "--always", "--dirty"), command);
		measures.run(() -> {
			try {
				Report.write(kept.with(Run.of(session, measures.missing(), measures.rows())), folder);
			}
			catch (IOException ex) {
				throw new java.io.UncheckedIOException(ex);
			}
		});
		System.out.println("written to " + folder);
		System.exit(0);
	}

	/**
	 * Without files the page is written anew from its figures: the remarks may have
	 * changed.
	 */
	private static void report(List<String> files) throws IOException {
		Path root = Site.find(Files.createTempDirectory("push-bench")).root();
		Path docs = root.resolve("docs");
		List<Path> paths = files.isEmpty() ? List.of(docs.resolve("performance.json"))
				: files.stream().map(Path::of).toList();
		Report.publish(Report.read(paths), Files.readString(root.resolve("push-bench/remarks.md")), docs);
	}

	private static List<String> versions(Plan plan, Site site) {
		List<String> versions = new ArrayList<>();
		for (Catalog system : plan.systems()) {
			String version = (system.missing(site) == null) ? system.version(site) : "";
			if (!version.isEmpty()) {
				versions.add(system.title() + ": " + version);
			}
		}
		versions.add("Redis: " + Programs.line("redis-server", "--version"));
		versions.add("nginx: " + Programs.line("nginx", "-v"));
		versions.add("Java: " + System.getProperty("java.vm.name") + " " + Runtime.version());
		return versions;
	}

	/** Named by what counts: processors, memory, kernel. */
	private static String machine() {
		return Runtime.getRuntime().availableProcessors() + " processors (" + ProcFs.processor() + "), "
				+ ProcFs.memoryBytes() / (1 << 30) + " GiB, Linux " + System.getProperty("os.version");
	}

}
