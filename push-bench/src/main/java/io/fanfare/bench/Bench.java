package io.fanfare.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;

import io.fanfare.bench.load.LoadProcess;
import io.fanfare.bench.measure.Measures;
import io.fanfare.bench.measure.Plan;
import io.fanfare.bench.naive.NaiveServer;
import io.fanfare.bench.peer.Catalog;
import io.fanfare.bench.peer.Site;
import io.fanfare.bench.report.Report;
import io.fanfare.bench.report.Run;

/** The command line. */
public final class Bench {

	private static final String USAGE = """
			push-bench/run [options]                 measures
			push-bench/run smoke [options]           everything once, small
			push-bench/run report FILE...            writes docs/performance.md from run.json files

			--systems=%s
			--measures=%s
			--streams=10000 --rates=5,20,50,200 --growth=1000,10000,19000 --seconds=10 --cluster=100000
			--out=FOLDER                             default push-bench/target/run
			-Dfanfare.bench.NAME=PATH before the command names a program that is not on the PATH
			""".formatted(String.join(",", Arrays.stream(Catalog.values()).map(Catalog::title).toList()),
			String.join(",", Plan.MEASURES));

	private Bench() {
	}

	public static void main(String[] args) throws IOException {
		String command = (args.length == 0 || args[0].startsWith("--")) ? "run" : args[0];
		List<String> rest = Arrays.asList(args)
			.subList((args.length > 0 && args[0].equals(command)) ? 1 : 0, args.length);
		switch (command) {
			case "run" -> measure(Plan.read(Plan.whole(), rest), rest);
			case "smoke" -> measure(Plan.read(Plan.smoke(), rest), rest);
			case "report" -> report(rest);
			case "load" -> LoadProcess.run();
			case "naive" -> NaiveServer.run(rest.toArray(String[]::new));
			default -> System.out.println(USAGE);
		}
	}

	private static void measure(Plan plan, List<String> options) throws IOException {
		String out = options.stream()
			.filter((option) -> option.startsWith("--out="))
			.map((option) -> option.substring(6))
			.findFirst()
			.orElse("");
		Site home = Site.find(Files.createTempDirectory("push-bench"));
		Path folder = out.isEmpty() ? home.root().resolve("push-bench/target/run") : Path.of(out);
		Site site = Site.find(folder.resolve("work"));
		Measures measures = new Measures(plan, site);
		String at = Instant.now().truncatedTo(ChronoUnit.MINUTES).toString();
		String command = String.join(" ", options.stream().filter((option) -> !option.startsWith("--out=")).toList());
		measures.run(() -> {
			try {
				Report.write(new Run(at, machine(), command, measures.missing(), measures.rows()), folder);
			}
			catch (IOException ex) {
				throw new java.io.UncheckedIOException(ex);
			}
		});
		System.out.println("written to " + folder);
		System.exit(0);
	}

	private static void report(List<String> files) throws IOException {
		Run run = Report.read(files.stream().map(Path::of).toList());
		Path docs = Site.find(Files.createTempDirectory("push-bench")).root().resolve("docs");
		Files.writeString(docs.resolve("performance.md"), Report.page(run, "performance.svg"));
		Files.writeString(docs.resolve("performance.svg"), Report.picture(run));
	}

	/** Named by what counts: processors, memory, kernel. */
	private static String machine() {
		return Runtime.getRuntime().availableProcessors() + " processors, " + System.getProperty("os.arch") + ", Linux "
				+ System.getProperty("os.version") + ", Java " + Runtime.version().feature();
	}

}
