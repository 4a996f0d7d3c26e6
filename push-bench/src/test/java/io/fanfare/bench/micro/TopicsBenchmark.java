package io.fanfare.bench.micro;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

import io.fanfare.node.subscription.Topic.Subscription;
import io.fanfare.node.subscription.Topics;
import io.fanfare.protocol.ChannelName;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** Topic sets: 1 000 topics with 30 subscribers each. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TopicsBenchmark {

	private static final int TOPICS = 1_000;

	private static final int SUBSCRIBERS = 30;

	private final Topics<Integer> topics = new Topics<>(new Topics.Upstream() {
		@Override
		public void subscribe(ChannelName topic, LongConsumer confirmed) {
		}

		@Override
		public void unsubscribe(ChannelName topic, LongConsumer confirmed) {
		}
	}, Runnable::run, (subscriber) -> {
	});

	private final List<ChannelName> names = new ArrayList<>();

	private int turn;

	@Setup
	public void subscribe() {
		for (int i = 0; i < TOPICS; i++) {
			ChannelName name = ChannelName.topic("t" + i);
			this.names.add(name);
			for (int j = 0; j < SUBSCRIBERS; j++) {
				this.topics.add(name, i * SUBSCRIBERS + j);
			}
		}
	}

	private ChannelName next() {
		this.turn = (this.turn + 7) % TOPICS;
		return this.names.get(this.turn);
	}

	/** A message to one topic: find it and walk who hears it. */
	@Benchmark
	public void walk(Blackhole hole) {
		var topic = this.topics.find(next());
		for (int i = 0; i < topic.size(); i++) {
			hole.consume(topic.subscriber(i));
		}
	}

	/** A stream that comes and goes. */
	@Benchmark
	public void comeAndGo() {
		Subscription<Integer> place = this.topics.add(next(), 0);
		this.topics.remove(place);
	}

}
