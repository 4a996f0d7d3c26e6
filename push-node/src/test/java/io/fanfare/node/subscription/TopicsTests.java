package io.fanfare.node.subscription;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.LongConsumer;

import io.fanfare.node.subscription.Topic.Subscription;
import io.fanfare.protocol.ChannelName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class TopicsTests {

	private static final ChannelName NEWS = ChannelName.topic("news");

	private final Deque<Runnable> loop = new ArrayDeque<>();

	private final Map<String, List<LongConsumer>> upstream = new HashMap<>();

	/** Those who waited for a topic that was confirmed, in order. */
	private final List<String> told = new ArrayList<>();

	private final Topics<String> topics = new Topics<>(new Topics.Upstream() {
		@Override
		public void subscribe(ChannelName topic, LongConsumer confirmed) {
			TopicsTests.this.upstream.computeIfAbsent(topic.value(), (name) -> new ArrayList<>()).add(confirmed);
		}

		@Override
		public void unsubscribe(ChannelName topic, LongConsumer confirmed) {
			assertThat(TopicsTests.this.upstream.get(topic.value()).remove(confirmed)).isTrue();
		}
	}, this.loop::add, this.told::add);

	private static List<String> subscribers(Topic<String> topic) {
		List<String> all = new ArrayList<>();
		for (int i = 0; i < topic.size(); i++) {
			all.add(topic.subscriber(i));
		}
		return all;
	}

	private void runLoop() {
		while (!this.loop.isEmpty()) {
			this.loop.poll().run();
		}
	}

	@Test
	void allIsThereFromTheBeginningAndStays() {
		assertThat(this.upstream.get("all")).hasSize(1);
		Subscription<String> subscription = this.topics.add(ChannelName.ALL, "a");
		this.topics.remove(subscription);
		assertThat(this.upstream.get("all")).hasSize(1);
		assertThat(this.topics.find(ChannelName.ALL)).isNotNull();
	}

	@Test
	void theFirstSubscribesAndTheLastUnsubscribes() {
		Subscription<String> first = this.topics.add(NEWS, "a");
		Subscription<String> second = this.topics.add(NEWS, "b");
		assertThat(this.upstream.get("news")).hasSize(1);
		assertThat(this.topics.size()).isEqualTo(2);
		this.topics.remove(first);
		assertThat(this.upstream.get("news")).hasSize(1);
		this.topics.remove(second);
		assertThat(this.upstream.get("news")).isEmpty();
		assertThat(this.topics.find(NEWS)).isNull();
	}

	@Test
	void aConfirmationCountsOnTheLoopAndForItsLinkOnly() {
		Topic<String> topic = this.topics.add(NEWS, "a").topic();
		assertThat(topic.isConfirmed(0)).isFalse();
		this.upstream.get("news").getFirst().accept(1);
		assertThat(topic.isConfirmed(1)).isFalse();
		runLoop();
		assertThat(topic.isConfirmed(1)).isTrue();
		assertThat(topic.isConfirmed(2)).isFalse();
	}

	@Test
	void aConfirmationConcernsThoseAloneThatWaitForItsTopic() {
		int many = 2_000;
		for (int i = 0; i < many; i++) {
			this.topics.add(ChannelName.topic("t" + i), "s" + i).topic().awaitConfirmed("s" + i);
		}
		for (int i = 0; i < many; i++) {
			this.upstream.get("t" + i).getFirst().accept(1);
			runLoop();
			assertThat(this.told).hasSize(i + 1).endsWith("s" + i);
		}
	}

	@Test
	void eachConfirmationIsToldOncePerWait() {
		Topic<String> topic = this.topics.add(NEWS, "a").topic();
		topic.awaitConfirmed("a");
		topic.awaitConfirmed("b");
		this.upstream.get("news").getFirst().accept(1);
		this.upstream.get("news").getFirst().accept(2);
		runLoop();
		assertThat(this.told).containsExactly("a", "b");
	}

	@Test
	void aLateConfirmationOfATopicThatWasGivenUpDoesNotConfirmItsSuccessor() {
		Subscription<String> old = this.topics.add(NEWS, "a");
		LongConsumer late = this.upstream.get("news").getFirst();
		this.topics.remove(old);
		Topic<String> successor = this.topics.add(NEWS, "b").topic();
		late.accept(1);
		runLoop();
		assertThat(successor.isConfirmed(1)).isFalse();
	}

	@Test
	void aPlaceThatWasGivenUpTwiceIsGivenUpOnce() {
		Subscription<String> a = this.topics.add(NEWS, "a");
		Subscription<String> b = this.topics.add(NEWS, "b");
		this.topics.remove(a);
		a.topic().remove(a);
		assertThat(subscribers(b.topic())).containsExactly("b");
		assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> b.topic().subscriber(1));
	}

	@Test
	void manyComeAndGoAndThoseWhoAreThereAreFound() {
		long seed = System.nanoTime();
		Random random = new Random(seed);
		List<Subscription<String>> present = new ArrayList<>();
		Map<Subscription<String>, String> names = new HashMap<>();
		for (int step = 0; step < 5_000; step++) {
			if (present.isEmpty() || random.nextInt(100) < 52) {
				String name = "s" + step;
				Subscription<String> subscription = this.topics.add(NEWS, name);
				present.add(subscription);
				names.put(subscription, name);
			}
			else {
				Subscription<String> gone = present.remove(random.nextInt(present.size()));
				names.remove(gone);
				this.topics.remove(gone);
			}
			if (step % 50 == 0) {
				Topic<String> topic = this.topics.find(NEWS);
				List<String> found = (topic != null) ? subscribers(topic) : List.of();
				assertThat(found).as("seed %d, step %d", seed, step)
					.containsExactlyInAnyOrderElementsOf(names.values());
			}
		}
	}

	/**
	 * A walk as the loop does it. A member that is there all the while must be met, also
	 * when those who are visited leave (which moves the last into their place) or others
	 * come.
	 */
	@Test
	void aWalkFromTheEndMeetsAllWhoStayWhileTheVisitedLeave() {
		List<Subscription<String>> places = new ArrayList<>();
		for (int i = 0; i < 50; i++) {
			places.add(this.topics.add(NEWS, Integer.toString(i)));
		}
		Topic<String> topic = places.getFirst().topic();
		Set<String> met = new HashSet<>();
		for (int i = topic.size() - 1; i >= 0; i--) {
			int visited = Integer.parseInt(topic.subscriber(i));
			met.add(topic.subscriber(i));
			if (visited % 3 == 0) {
				this.topics.remove(places.get(visited));
				this.topics.add(NEWS, "1000");
			}
		}
		for (int i = 0; i < 50; i++) {
			assertThat(met).contains(Integer.toString(i));
		}
	}

}
