package io.fanfare.api.tail;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

import io.fanfare.redis.cluster.TailFrame;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** One item of a megabyte, and a caller that takes its time to read it. */
class TailLifeTests {

	private static final Duration LONG = Duration.ofMinutes(15);

	/** 40 KiB per second: as fast as a caller has to read. */
	private static final Duration FAST = Duration.ofMillis(200);

	private final AtomicLong now = new AtomicLong();

	private final ByteArrayOutputStream read = new ByteArrayOutputStream();

	private final Tail tail = new Tail("1", "alice");

	private TailEnd serve(Duration time, Duration eachPiece, BooleanSupplier credential) throws IOException {
		this.tail.received(new TailFrame("1", "n.a.c", 0, 0, null,
				("data: " + "x".repeat(1024 * 1024) + "\n\n").getBytes(StandardCharsets.US_ASCII)));
		TailLife life = new TailLife(this.now::get, time, credential);
		OutputStream caller = new OutputStream() {

			@Override
			public void write(int value) {
				throw new AssertionError("One byte alone");
			}

			@Override
			public void write(byte[] bytes, int offset, int length) {
				assertThat(length).isLessThanOrEqualTo(8 * 1024);
				TailLifeTests.this.read.write(bytes, offset, length);
				if (length == 8 * 1024) {
					TailLifeTests.this.now.addAndGet(eachPiece.toNanos());
				}
			}

		};
		return life.serve(this.tail, new TailWriter(new PacedOutput(caller, life, this.now::get), JsonMapper.shared()));
	}

	private Duration passed() {
		return Duration.ofNanos(this.now.get());
	}

	private void assertOver(Duration time, Duration eachPiece, BooleanSupplier credential, TailEnd reason) {
		assertThatThrownBy(() -> serve(time, eachPiece, credential))
			.asInstanceOf(InstanceOfAssertFactories.type(TailOverException.class))
			.extracting(TailOverException::reason)
			.isEqualTo(reason);
	}

	@Test
	void anItemThatIsReadFastEnoughIsWrittenToItsEnd() throws Exception {
		this.tail.received(new TailFrame("1", "n.a.b", 0, 0, "client", new byte[0]));
		assertThat(serve(Duration.ofSeconds(20), FAST, () -> true)).isEqualTo(TailEnd.TIME);
		assertThat(passed()).isBetween(Duration.ofSeconds(25), Duration.ofSeconds(26));
		assertThat(this.read.toString(StandardCharsets.US_ASCII)).contains("x".repeat(1024 * 1024))
			.endsWith("event: tail.end\ndata: {\"reason\":\"time\"}\n\n");
	}

	@Test
	void anItemDoesNotOutlastTheTimeOfItsTail() {
		assertOver(Duration.ofSeconds(5), FAST, () -> true, TailEnd.TIME);
		assertThat(passed()).isBetween(Duration.ofSeconds(15), Duration.ofSeconds(16));
	}

	@Test
	void anItemDoesNotOutlastTheCredential() {
		assertOver(LONG, FAST, () -> this.now.get() < Duration.ofSeconds(7).toNanos(), TailEnd.CREDENTIAL);
		assertThat(passed()).isBetween(Duration.ofSeconds(7), Duration.ofSeconds(11));
	}

	@Test
	void anItemThatIsReadTooSlowlyEndsTheTail() {
		assertOver(LONG, Duration.ofSeconds(1), () -> true, TailEnd.CALLER);
		assertThat(passed()).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(16));
	}

	@Test
	void manySmallItemsDoNotOutlastTheTimeOfTheirTail() {
		for (int i = 0; i < 900; i++) {
			this.tail.received(new TailFrame("1", "n.a.c", i, 0, null,
					("data: " + "y".repeat(1000) + "\n\n").getBytes(StandardCharsets.US_ASCII)));
		}
		AtomicLong clock = this.now;
		TailLife life = new TailLife(clock::get, Duration.ofSeconds(5), () -> true);
		OutputStream caller = new OutputStream() {

			@Override
			public void write(int value) {
				throw new AssertionError("One byte alone");
			}

			@Override
			public void write(byte[] bytes, int offset, int length) {
				clock.addAndGet(Duration.ofMillis(500).toNanos());
			}

		};
		assertThatThrownBy(() -> life.serve(this.tail,
				new TailWriter(new PacedOutput(caller, life, clock::get), JsonMapper.shared())))
			.asInstanceOf(InstanceOfAssertFactories.type(TailOverException.class))
			.extracting(TailOverException::reason)
			.isEqualTo(TailEnd.TIME);
		assertThat(passed()).isLessThan(Duration.ofSeconds(60));
	}

}
