package io.fanfare.node.subscription;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongConsumer;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.guard.Errors;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SubscribedTopicsTests {

	private static final ChannelName NEWS = ChannelName.topic("news");

	private final Map<ChannelName, LongConsumer> upstream = new HashMap<>();

	private final List<String> told = new ArrayList<>();

	private final Topics<String> topics = new Topics<>(new Topics.Upstream() {

		@Override
		public void subscribe(ChannelName topic, LongConsumer confirmed) {
			SubscribedTopicsTests.this.upstream.put(topic, confirmed);
		}

		@Override
		public void unsubscribe(ChannelName topic, LongConsumer confirmed) {
			SubscribedTopicsTests.this.upstream.remove(topic, confirmed);
		}

	}, Runnable::run, this.told::add);

	private final SubscribedTopics<String> own = new SubscribedTopics<>("c");

	SubscribedTopicsTests() {
		this.own.addAll(this.topics, List.of(ChannelName.user("alice"), ChannelName.ALL, NEWS));
	}

	private void confirm(ChannelName topic, long link) {
		Objects.requireNonNull(this.upstream.get(topic)).accept(link);
	}

	@Test
	void itWaitsForTheFirstTopicThatIsNotConfirmedAndOnce() {
		assertThat(this.own.isConfirmed(1)).isFalse();
		assertThat(this.own.isConfirmed(1)).isFalse();
		confirm(NEWS, 1);
		assertThat(this.told).as("it waits for another").isEmpty();
		confirm(ChannelName.ALL, 1);
		assertThat(this.told).containsExactly("c");
		assertThat(this.own.isConfirmed(1)).isTrue();
	}

	@Test
	void anotherLinkHasToConfirmThemAgain() {
		confirm(NEWS, 1);
		confirm(ChannelName.ALL, 1);
		assertThat(this.own.isConfirmed(1)).isTrue();
		assertThat(this.own.isConfirmed(0)).isFalse();
		assertThat(this.own.isConfirmed(2)).isFalse();
		confirm(ChannelName.ALL, 2);
		assertThat(this.told).containsExactly("c");
		assertThat(this.own.isConfirmed(2)).isFalse();
		confirm(NEWS, 2);
		assertThat(this.own.isConfirmed(2)).isTrue();
	}

	@Test
	void itContainsItsTopicsUntilItGaveThemUp() {
		Topic<String> news = Objects.requireNonNull(this.topics.find(NEWS));
		SubscribedTopics<String> other = new SubscribedTopics<>("d");
		other.addAll(this.topics, List.of(ChannelName.ALL));
		assertThat(this.own.contains(news)).isTrue();
		assertThat(other.contains(news)).isFalse();
		this.own.removeAll(this.topics, new Errors(System::nanoTime, (where) -> {
			throw new AssertionError(where);
		}, Errors::halt), "close");
		assertThat(this.own.contains(news)).isFalse();
		assertThat(this.topics.find(NEWS)).isNull();
	}

}
