package io.fanfare.bench.micro;

import org.junit.jupiter.api.Test;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs the benches of single pieces. Its name keeps it out of the ordinary build:
 *
 * <pre>
 * ./mvnw -pl push-bench -am test -Dtest=MicroBenchmarks -Dsurefire.failIfNoSpecifiedTests=false -Djmh=Dispatch
 * </pre>
 */
class MicroBenchmarks {

	@Test
	void run() throws RunnerException {
		new Runner(new OptionsBuilder().include(System.getProperty("jmh", ".*") + ".*Benchmark")
			.forks(1)
			.jvmArgsAppend("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")
			.warmupIterations(3)
			.warmupTime(TimeValue.seconds(1))
			.measurementIterations(5)
			.measurementTime(TimeValue.seconds(1))
			.build()).run();
	}

}
