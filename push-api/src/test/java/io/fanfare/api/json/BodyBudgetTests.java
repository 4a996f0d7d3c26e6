package io.fanfare.api.json;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

import io.fanfare.api.problem.ProblemException;
import jakarta.servlet.ServletRequestEvent;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockServletContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class BodyBudgetTests {

	private static final int MEGABYTE = 1024 * 1024;

	private final AtomicLong nanos = new AtomicLong();

	private final BodyBudget budget = new BodyBudget(64L * MEGABYTE);

	private final BodyReader reader = new BodyReader(MEGABYTE, this.budget, this.nanos::get);

	private static void nothing(byte[] body) {
	}

	@Test
	void bodiesThatArriveHoldAnEighthOfTheHeapTogether() throws IOException {
		this.budget.receive(7 * MEGABYTE);
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> this.reader.read(new ByteArrayInputStream(new byte[MEGABYTE]), BodyBudgetTests::nothing))
			.satisfies((ex) -> assertThat(ex.problem().status()).isEqualTo(503));
		assertThat(this.reader.read(new ByteArrayInputStream(new byte[1_000]), BodyBudgetTests::nothing))
			.hasSize(1_000);
		this.budget.received(7 * MEGABYTE);
		assertThat(this.reader.read(new ByteArrayInputStream(new byte[MEGABYTE]), BodyBudgetTests::nothing))
			.hasSize(MEGABYTE);
		this.budget.receive(8 * MEGABYTE);
	}

	@Test
	void aBodyCountsUntilItsValuesDo() throws IOException {
		this.reader.read(new ByteArrayInputStream(new byte[MEGABYTE]),
				(body) -> assertThatExceptionOfType(ProblemException.class)
					.isThrownBy(() -> this.budget.receive(7 * MEGABYTE)));
		this.budget.receive(8 * MEGABYTE);
	}

	@Test
	void aBodyCountsForWhatArrivedOfIt() throws IOException {
		// While its pieces are joined it is there twice, and the last piece is not full.
		this.budget.receive(6 * MEGABYTE - 64 * 1024);
		assertThat(this.reader.read(new ByteArrayInputStream(new byte[MEGABYTE]), BodyBudgetTests::nothing))
			.hasSize(MEGABYTE);
	}

	@Test
	void smallBodiesDoNotWidenTheBudget() throws IOException {
		for (int i = 0; i < 10_000; i++) {
			this.reader.read(new ByteArrayInputStream(new byte[100]), BodyBudgetTests::nothing);
		}
		this.budget.receive(8 * MEGABYTE);
		assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> this.budget.receive(1));
	}

	@Test
	void aBodyIsReadNotAByteFurtherThanItMayBeLong() {
		assertThatThrownBy(
				() -> this.reader.read(new ByteArrayInputStream(new byte[MEGABYTE + 1]), BodyBudgetTests::nothing))
			.hasMessageContaining("exceeds");
		this.budget.receive(8 * MEGABYTE);
	}

	@Test
	void aBodyThatDripsIs408() {
		InputStream drip = new InputStream() {
			@Override
			public int read() {
				BodyBudgetTests.this.nanos.addAndGet(1_000_000_000);
				return ' ';
			}

			@Override
			public int read(byte[] bytes, int offset, int length) {
				bytes[offset] = (byte) read();
				return 1;
			}
		};
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> this.reader.read(drip, BodyBudgetTests::nothing))
			.satisfies((ex) -> assertThat(ex.problem().status()).isEqualTo(408));
		assertThat(this.nanos.get()).isLessThan(12_000_000_000L);
	}

	@Test
	void whatIsReadHoldsAThirdOfTheHeapUntilItsRequestEnds() {
		byte[] dense = ("[" + "1,".repeat(80_000) + "1]").getBytes(StandardCharsets.UTF_8);
		MockHttpServletRequest first = new MockHttpServletRequest();
		MockHttpServletRequest second = new MockHttpServletRequest();
		this.budget.read(dense, first);
		this.budget.read(dense, second);
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> this.budget.read(dense, new MockHttpServletRequest()))
			.satisfies((ex) -> assertThat(ex.problem().status()).isEqualTo(503));
		this.budget.requestDestroyed(new ServletRequestEvent(new MockServletContext(), first));
		this.budget.requestDestroyed(new ServletRequestEvent(new MockServletContext(), first));
		this.budget.read(dense, new MockHttpServletRequest());
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> this.budget.read(dense, new MockHttpServletRequest()));
	}

	@Test
	void aBodyThatAloneIsMoreThanThereIsRoomForHasItAlone() {
		byte[] dense = ("[" + "1,".repeat(500_000) + "1]").getBytes(StandardCharsets.UTF_8);
		MockHttpServletRequest request = new MockHttpServletRequest();
		this.budget.read(dense, request);
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> this.budget.read("{}".getBytes(StandardCharsets.UTF_8), new MockHttpServletRequest()));
		this.budget.requestDestroyed(new ServletRequestEvent(new MockServletContext(), request));
		this.budget.read(dense, request);
	}

}
