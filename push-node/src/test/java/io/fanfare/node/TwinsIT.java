package io.fanfare.node;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.redis.presence.Presence;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A client that was displaced and does not take no for an answer, and pages that share a
 * client id. Time passes in Redis alone; with {@code fanfare.long} it really passes.
 */
class TwinsIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private final Backend backend = Cluster.backend();

	private final String user = newUser();

	/** A page that shares its client id with another one. */
	private final class Twin {

		private final @Nullable String page;

		private @Nullable SseClient stream;

		private int opens;

		private boolean told;

		private Twin(@Nullable String page) {
			this.page = page;
		}

		private void open() {
			SseRequest request = node(this.opens++).stream(TwinsIT.this.user).query("client", "twin");
			if (this.page != null) {
				request.query("page", this.page);
			}
			SseClient opened = request.open();
			opened.nextBlock(SOON);
			this.stream = opened;
			note();
		}

		private void awaitEnd() {
			this.stream.awaitEnd(SOON);
			note();
		}

		private void note() {
			this.told |= this.stream.blocks().stream().anyMatch((block) -> block.fires("push.kicked"));
		}

	}

	private static TestNode node(int number) {
		return (number % 2 == 0) ? Cluster.first() : Cluster.second();
	}

	/** Time passes between two tries. */
	private void pass(Duration time, Runnable inRedis) {
		if (LONG) {
			Instant end = Instant.now().plus(time);
			Awaitility.await().atMost(time.plusSeconds(5)).until(() -> !Instant.now().isBefore(end));
		}
		else {
			inRedis.run();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aDisplacedClientDoesNotComeBackByTime(boolean alternates) {
		// Six minutes, every three seconds; in Redis alone in larger steps.
		Duration step = LONG ? Duration.ofSeconds(3) : Duration.ofSeconds(120);
		int tries = LONG ? 120 : 4;
		SseClient displaced = opened(node(0).stream(this.user).query("client", "a"));
		try (SseClient owner = opened(node(1).stream(this.user).query("client", "b"))) {
			String kicked = displaced.awaitBlock((block) -> block.fires("push.kicked"), SOON).id();
			Presence.Owner before = this.backend.owner(this.user);
			for (int i = 0; i < tries; i++) {
				pass(step, () -> this.backend.ageTombstone(this.user, "a", step));
				if (alternates && i % 2 == 0) {
					Answer answer = node(i).stream(this.user).query("client", "a").lastEventId(kicked).fetch();
					assertThat(answer.status()).isEqualTo(204);
					continue;
				}
				try (SseClient back = node(i).stream(this.user).query("client", "a").open()) {
					assertThat(back.nextBlock(SOON).event()).as("try %d", i).isEqualTo("push.kicked");
					assertThat(back.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
				}
				assertThat(this.backend.tombstoneLife(this.user, "a")).isGreaterThan(Duration.ofSeconds(280));
			}
			assertThat(owner.end()).isNull();
			assertThat(this.backend.owner(this.user)).isEqualTo(before);
		}
	}

	@Test
	void withoutPagesTwinsThatReconnectSlowlyAreToldApart() {
		fight(List.of(new Twin(null), new Twin(null)), 11);
	}

	@Test
	void withPagesTwinsThatReconnectSlowlyAreToldApart() {
		fight(List.of(new Twin("p"), new Twin("q")), 7);
	}

	@Test
	void ofTwinsOfWhichOneHasAPageOneIsTold() {
		fight(List.of(new Twin("p"), new Twin(null)), 11);
	}

	@Test
	void ofThreeTwinsOneStays() {
		fight(List.of(new Twin("p"), new Twin("q"), new Twin("r")), 16);
	}

	/**
	 * Each comes back seven seconds after its stream ended, unless it was told to stop.
	 * One stays, after so many opens at most, and none is told that does not have to be.
	 */
	private void fight(List<Twin> twins, int mostOpens) {
		Duration retry = Duration.ofSeconds(7);
		List<SseClient> streams = new ArrayList<>();
		int opens = 0;
		Twin holder = null;
		for (int turn = 0; opens <= mostOpens; turn++) {
			Twin next = twins.get(turn % twins.size());
			if (next == holder || next.told) {
				if (twins.stream().filter((one) -> !one.told).count() == 1) {
					break;
				}
				continue;
			}
			if (holder != null) {
				pass(retry, () -> this.backend.agePresence(this.user, retry));
			}
			next.open();
			streams.add(next.stream);
			opens++;
			if (holder != null) {
				holder.awaitEnd();
			}
			holder = next;
		}
		assertThat(opens).isLessThanOrEqualTo(mostOpens);
		assertThat(twins.stream().filter((one) -> !one.told)).containsExactly(holder);
		assertThat(holder.stream.end()).isNull();
		// Those that were told come back all the same, and change nothing.
		for (Twin one : twins) {
			if (one.told && one.page != null && holder.page != null) {
				for (int i = 0; i < 6; i++) {
					pass(retry, () -> this.backend.agePresence(this.user, retry));
					one.open();
					streams.add(one.stream);
					assertThat(one.stream.blocks().getFirst().event()).isEqualTo("push.kicked");
				}
			}
		}
		assertThat(holder.stream.end()).isNull();
		streams.forEach(SseClient::close);
	}

	@Test
	void aPageThatIsLoadedAgainIsNeverTold() {
		SseClient present = opened(page(0));
		for (int i = 1; i <= 15; i++) {
			SseClient newer = opened(page(i));
			assertThat(present.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			assertThat(present.blocks()).as("load %d", i).noneMatch((block) -> block.fires("push.kicked"));
			present = newer;
		}
		present.close();
	}

	private SseRequest page(int number) {
		return node(number).stream(this.user).query("client", "kept").query("page", "p" + number);
	}

	@Test
	void aBadPageIsRefusedByName() {
		Answer answer = node(0).stream(this.user).query("page", "a/b").fetch();
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.text()).contains("page: has 1 to 64 letters");
	}

}
