package io.fanfare.node;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.LoggedErrors;
import io.fanfare.protocol.guard.ThreadScheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Launch;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** An error of the virtual machine ends the process, on whichever thread it comes. */
class FatalErrorIT {

	@ParameterizedTest
	@ValueSource(strings = { "thread", "netty", "scheduler", "heap" })
	@Timeout(60)
	void theProcessEndsWithAStatusAndALine(String where) {
		Launch.Completed process = ChildProcess
			.command(ChildProcess.jdk("java"), "-Xmx24m", "-XX:TieredStopAtLevel=1", "-cp",
					System.getProperty("java.class.path"), Doomed.class.getName(), where)
			.run(Duration.ofSeconds(50));
		assertThat(process.status()).as(process.output()).isEqualTo(Errors.STATUS);
		assertThat(process.output()).contains("an error of the virtual machine ends the process, status 70");
	}

	/** A process that does the worst. */
	static final class Doomed {

		private Doomed() {
		}

		public static void main(String[] arguments) throws InterruptedException {
			Errors errors = new Errors(System::nanoTime, (where) -> {
			}, Errors::halt);
			Thread.setDefaultUncaughtExceptionHandler((thread, error) -> errors.note("thread", error));
			LoggedErrors.watch(Errors::halt);
			switch (arguments[0]) {
				case "thread" -> Thread.ofPlatform().start(Doomed::fail);
				// Which goes on after any error of a task, and logs it.
				case "netty" ->
					new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory()).next().execute(Doomed::fail);
				case "scheduler" ->
					new ThreadScheduler(Ticker.system(), errors).createWorker("test").execute(Doomed::fail);
				default -> Thread.ofPlatform().start(Doomed::exhaust);
			}
			new CountDownLatch(1).await(20, TimeUnit.SECONDS);
		}

		private static void fail() {
			throw new InternalError("test");
		}

		private static void exhaust() {
			byte[][] all = new byte[1024 * 1024][];
			for (int i = 0; i < all.length; i++) {
				all[i] = new byte[1024 * 1024];
			}
		}

	}

}
