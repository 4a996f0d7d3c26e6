package io.fanfare.api;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.test.redis.ScriptCosts;
import io.fanfare.test.redis.ScriptCosts.Call;
import io.fanfare.test.redis.ScriptCosts.Times;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What one call of the API costs Redis at most, with small and with large messages:
 * entries and bytes are counted, no call takes longer than 10 ms, and every request is
 * answered 200.
 */
class CostIT {

	private static final Logger log = LoggerFactory.getLogger(CostIT.class);

	private static final int CALL_BYTES = 256 * 1024;

	private static final int CALL_ENTRIES = 250;

	private static final int PAGE_BYTES = 1024 * 1024;

	private static final int RECIPIENTS = 32;

	private static final int LENGTH = 1_000;

	private static final long LONGEST_MICROS = 10_000;

	private static final long PING_MICROS = 20_000;

	private static TestRedis redis;

	private static TestApi api;

	private static ScriptCosts costs;

	@BeforeAll
	static void start() {
		redis = TestRedis.start();
		api = TestApi.start(redis);
		costs = new ScriptCosts(redis);
	}

	@AfterAll
	static void stop() {
		costs.close();
		api.close();
		redis.close();
	}

	@BeforeEach
	void clear() {
		redis.clear();
	}

	private static byte[] envelope(int size) {
		return new Envelope(EventName.DEFAULT, "x".repeat(size).getBytes(StandardCharsets.US_ASCII), 1, 0, false, null)
			.encode();
	}

	@ParameterizedTest
	@ValueSource(ints = { 200, 4 * 1024, 64 * 1024 })
	void aPageOfAThousand(int size) {
		int bytes = envelope(size).length;
		costs.fill("fanfare:{0}:ch:news", LENGTH, envelope(size));
		int items = Math.min(LENGTH, PAGE_BYTES / bytes);
		for (String direction : List.of("?after=0-0&limit=1000", "?limit=1000")) {
			List<Call> calls = costs.watch(() -> page(direction, items));
			// One entry is the oldest that is retained, and one is what did not fit the
			// page.
			assertThat(calls.stream().mapToInt(Call::entriesRead).sum()).isBetween(items, items + calls.size());
			assertThat(calls).allSatisfy((call) -> {
				assertThat(call.bytesRead()).isEqualTo((long) call.entriesRead() * bytes);
				assertThat(call.entriesRead()).isLessThanOrEqualTo(Math.min(CALL_ENTRIES, CALL_BYTES / bytes) + 1);
				assertThat(call.bytesRead()).isLessThanOrEqualTo(CALL_BYTES + bytes);
			});
			inTime("page", size, () -> page(direction, items));
		}
	}

	private static void page(String query, int items) {
		TestApi.Answer answer = api.get("/v1/channels/news/messages" + query);
		assertThat(answer.status()).isEqualTo(200);
		assertThat(answer.json().get("items").size()).isEqualTo(items);
	}

	@ParameterizedTest
	@ValueSource(ints = { 200, 4 * 1024, 64 * 1024 })
	void aMessageToAThousandUsers(int size) {
		// MONITOR writes byte by byte: 64 MiB would take longer than a request may.
		int watched = (size <= 4 * 1024) ? LENGTH : LENGTH / 10;
		watched(size, watched, "/v1/messages", message(size, 0, watched));
		String body = message(size, 0, LENGTH);
		inTime("users", size, () -> assertThat(api.post("/v1/messages", body).status()).isEqualTo(200));
	}

	@ParameterizedTest
	@ValueSource(ints = { 200, 4 * 1024 })
	void aBatchOfFiveToAThousandUsersEach(int size) {
		published("batch of 5", size, 5 * LENGTH, "/v1/messages/batch", batch(size, 5, LENGTH));
	}

	/** Larger ones do not fit a body, see below. */
	@ParameterizedTest
	@ValueSource(ints = 200)
	void aBatchOfFiveHundredToTenUsersEach(int size) {
		published("batch of 500", size, 5_000, "/v1/messages/batch", batch(size, 500, 10));
	}

	/**
	 * What the other batches would cost is above the budget of a request, or of a body.
	 */
	@ParameterizedTest
	@CsvSource({ "5, 1000, 65536", "500, 10, 4096", "500, 10, 65536" })
	void aBatchAboveTheBudgetIsRefusedAndCostsNothing(int messages, int users, int size) {
		String body = batch(size, messages, users);
		List<Call> calls = costs.watch(() -> {
			TestApi.Answer answer = api.post("/v1/messages/batch", body);
			assertThat(answer.status()).isEqualTo(413);
			assertThat(answer.problem()).isEqualTo("content-too-large");
		});
		assertThat(calls).allSatisfy((call) -> assertThat(call.entriesAdded()).isZero());
	}

	private static void published(String what, int size, int recipients, String path, String body) {
		watched(size, recipients, path, body);
		inTime(what, size, () -> assertThat(api.post(path, body).status()).isEqualTo(200));
	}

	private static void watched(int size, int recipients, String path, String body) {
		int bytes = envelope(size).length;
		List<Call> calls = costs.watch(() -> assertThat(api.post(path, body).status()).isEqualTo(200));
		assertThat(calls.stream().mapToInt(Call::entriesAdded).sum()).isEqualTo(recipients);
		assertThat(calls).allSatisfy((call) -> {
			assertThat(call.entriesAdded()).isLessThanOrEqualTo(RECIPIENTS);
			assertThat(call.bytesAdded()).isEqualTo((long) call.entriesAdded() * bytes)
				.isLessThanOrEqualTo(Math.max(CALL_BYTES, bytes));
		});
	}

	private static String batch(int size, int messages, int users) {
		List<String> all = new ArrayList<>();
		for (int i = 0; i < messages; i++) {
			all.add(message(size, i, users));
		}
		return "{\"messages\":[" + String.join(",", all) + "]}";
	}

	private static String message(int size, int number, int users) {
		String names = IntStream.range(number * users, number * users + users)
			.mapToObj((i) -> "\"u" + i + "\"")
			.collect(Collectors.joining(","));
		return "{\"to\":{\"users\":[" + names + "]},\"data\":\"" + "x".repeat(size) + "\"}";
	}

	/** The best of five runs counts, for the machine may be busy. */
	private static void inTime(String what, int size, Runnable task) {
		Times times = costs.time(5, () -> {
		}, task);
		log.info("{} of {} bytes: longest call {}us, ping p99={}us", what, size, times.longestMicros(),
				times.pingMicros());
		assertThat(times.longestMicros()).isLessThan(LONGEST_MICROS);
		assertThat(times.pingMicros()).isLessThan(PING_MICROS);
	}

}
