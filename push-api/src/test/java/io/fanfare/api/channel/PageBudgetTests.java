package io.fanfare.api.channel;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.history.History;
import jakarta.servlet.ServletRequestEvent;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockServletContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class PageBudgetTests {

	private static final int MEGABYTE = 1024 * 1024;

	private static final History.Page EMPTY = page(0, 0, (byte) 'x');

	/** Two reads at once, and 8 MiB of answers. */
	private final PageBudget budget = new PageBudget(PageBudgetTests::await, 64L * MEGABYTE);

	private static History.Page await(CompletableFuture<History.Page> page) {
		try {
			return page.get(10, TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException ex) {
			throw ProblemException.of(ProblemType.REDIS_UNAVAILABLE, "late");
		}
		catch (InterruptedException | ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static History.Page page(int entries, int size, byte data) {
		byte[] bytes = new byte[size];
		java.util.Arrays.fill(bytes, data);
		return new History.Page(0, 0, false, 0,
				Stream.generate(() -> new History.Entry(1, new Envelope(EventName.DEFAULT, bytes, 1, 0, false, null)))
					.limit(entries)
					.toList());
	}

	private static Supplier<CompletableFuture<History.Page>> of(History.Page page) {
		return () -> CompletableFuture.completedFuture(page);
	}

	@Test
	void pagesThatAreWrittenHoldAnEighthOfTheHeapUntilTheirRequestsEnd() {
		History.Page large = page(10, 60 * 1024, (byte) 'x');
		MockHttpServletRequest first = new MockHttpServletRequest();
		this.budget.read(first, of(large));
		this.budget.read(new MockHttpServletRequest(), of(large));
		assertRefused(of(large));
		this.budget.read(new MockHttpServletRequest(), of(EMPTY));
		this.budget.requestDestroyed(new ServletRequestEvent(new MockServletContext(), first));
		this.budget.requestDestroyed(new ServletRequestEvent(new MockServletContext(), first));
		this.budget.read(new MockHttpServletRequest(), of(large));
		assertRefused(of(large));
	}

	@Test
	void aPageThatAloneIsMoreThanThereIsRoomForHasItAlone() {
		History.Page largest = page(16, 64 * 1024, (byte) 1);
		MockHttpServletRequest request = new MockHttpServletRequest();
		this.budget.read(request, of(largest));
		assertRefused(of(EMPTY));
		this.budget.requestDestroyed(new ServletRequestEvent(new MockServletContext(), request));
		this.budget.read(new MockHttpServletRequest(), of(largest));
	}

	@Test
	void readsInFlightAreBoundedAndOneThatIsNotAwaitedCountsUntilItArrives() {
		CompletableFuture<History.Page> late = new CompletableFuture<>();
		for (int i = 0; i < 2; i++) {
			assertThatExceptionOfType(ProblemException.class)
				.isThrownBy(() -> this.budget.read(new MockHttpServletRequest(), () -> late))
				.withMessage("late");
		}
		assertRefused(of(EMPTY));
		late.complete(EMPTY);
		this.budget.read(new MockHttpServletRequest(), of(EMPTY));
	}

	@Test
	void aReadThatFailsCountsNoLonger() {
		for (int i = 0; i < 5; i++) {
			assertThatExceptionOfType(IllegalStateException.class)
				.isThrownBy(() -> this.budget.read(new MockHttpServletRequest(), () -> {
					throw new IllegalStateException("no link");
				}));
			assertThatExceptionOfType(IllegalStateException.class)
				.isThrownBy(() -> this.budget.read(new MockHttpServletRequest(),
						() -> CompletableFuture.failedFuture(new IllegalStateException("no answer"))));
		}
		this.budget.read(new MockHttpServletRequest(), of(EMPTY));
	}

	/** Text as it is written, with the room in which it is written. */
	@Test
	void theWeightIsNoLessThanWhatTheAnswerTakes() {
		for (byte data : new byte[] { 'x', '"', '\\', '\n', 1, 0x1f, 0x7f }) {
			for (int size : new int[] { 0, 10, 10_000 }) {
				List<History.Entry> entries = page(3, size, data).entries();
				HistoryPage answer = HistoryPage.of(new History.Page(0, 0, false, 0, entries),
						java.time.Instant.EPOCH.plus(Duration.ofDays(1)));
				int json = JsonMapper.shared().writeValueAsBytes(answer).length;
				assertThat(PageBudget.weight(entries)).isGreaterThan(3L * json);
			}
		}
	}

	private void assertRefused(Supplier<CompletableFuture<History.Page>> page) {
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> this.budget.read(new MockHttpServletRequest(), page))
			.satisfies((ex) -> {
				assertThat(ex.problem().status()).isEqualTo(503);
				assertThat(ex.problem().type()).endsWith("/overloaded");
			});
	}

}
