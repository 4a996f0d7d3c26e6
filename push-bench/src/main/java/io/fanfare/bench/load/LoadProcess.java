package io.fanfare.bench.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that holds streams, as many as its descriptors allow. It is notified of what
 * to do by lines on its standard input, answers each with one line, and ends with its
 * input.
 */
public final class LoadProcess {

	private final LoadLoop loop = new LoadLoop();

	private final PrintStream out;

	private LoadProcess(PrintStream out) {
		this.out = out;
	}

	/**
	 * Runs until the input ends.
	 * @throws IOException if the input breaks
	 */
	public static void run() throws IOException {
		LoadProcess process = new LoadProcess(System.out);
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		String line;
		while ((line = in.readLine()) != null) {
			process.obey(line.split("\t"));
		}
		System.exit(0);
	}

	private void obey(String[] words) {
		switch (words[0]) {
			case "open" -> open(words);
			case "phase" -> answer(() -> {
				this.loop.begin(words[1].charAt(0));
				return "ok";
			});
			case "report" -> answer(() -> this.loop.tally().write(words[1].equals("full")));
			case "reading" -> answer(() -> {
				this.loop.reading(Integer.parseInt(words[1]), words[2].equals("on"));
				return "ok";
			});
			case "close" -> answer(() -> {
				this.loop.close();
				return "ok";
			});
			default -> throw new IllegalArgumentException(words[0]);
		}
	}

	private void answer(java.util.function.Supplier<String> task) {
		this.loop.execute(() -> say(task.get()));
	}

	private void say(String line) {
		this.out.println(line);
		this.out.flush();
	}

	/** Tokens are signed before the clock starts. */
	private void open(String[] words) {
		int first = Integer.parseInt(words[1]);
		int count = Integer.parseInt(words[2]);
		int concurrency = Integer.parseInt(words[3]);
		double rate = Double.parseDouble(words[4]);
		StreamTarget target = StreamTarget.read(words, 5);
		List<byte[]> requests = new ArrayList<>(count);
		for (int i = 0; i < count; i++) {
			requests.add(target.request(first + i));
		}
		this.loop.execute(
				() -> this.loop.open(target, requests, first, concurrency, rate, (nanos) -> say(Long.toString(nanos))));
	}

}
