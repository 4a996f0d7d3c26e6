package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import io.fanfare.node.broker.DeliverySpan;
import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** When the span of a message ends. */
class TracedWritesTests {

	private final TestLoop node = new TestLoop();

	private final Spanned span = new Spanned();

	private static final class Spanned implements DeliverySpan {

		private final List<String> said = new ArrayList<>();

		@Override
		public void expect(int loops) {
			this.said.add("expect " + loops);
		}

		@Override
		public void written(int streams) {
			this.said.add("written " + streams);
		}

	}

	private List<TestLoop.Socket> open(int count) {
		List<TestLoop.Socket> sockets = IntStream.range(0, count)
			.mapToObj((i) -> this.node.open("user-" + i, new StreamRequest.Start.Now()))
			.toList();
		this.node.run();
		return sockets;
	}

	@Test
	void aBroadcastIsWrittenToAllWhenItsSpanEnds() {
		List<TestLoop.Socket> sockets = open(40);
		// A slice ends after the first look at the clock, so that a round takes turns.
		this.node.askCost = Duration.ofMillis(2);
		this.node.publish();
		this.node.router.traced(null, ChannelName.ALL, this.span);
		assertThat(this.span.said).containsExactly("expect 1");
		int turns = 0;
		while (this.span.said.size() == 1) {
			assertThat(this.node.isBusy()).isTrue();
			assertThat(sockets).anySatisfy((socket) -> assertThat(socket.numbers()).isEmpty());
			this.node.turn();
			turns++;
		}
		assertThat(turns).isGreaterThan(2);
		assertThat(sockets).allSatisfy((socket) -> assertThat(socket.numbers()).containsExactly(1));
		assertThat(this.span.said).containsExactly("expect 1", "written 40");
	}

	@Test
	void aMessageToOneIsWrittenWhenItsSpanEnds() {
		List<TestLoop.Socket> sockets = open(3);
		Connection first = this.node.loop.present().getFirst();
		Message message = this.node.publishOnly(ChannelName.user("user-0"));
		this.node.router.deliver(first.id(), message);
		this.node.router.traced(first.id(), message.channel(), this.span);
		this.node.run();
		assertThat(sockets.getFirst().numbers()).containsExactly(1);
		assertThat(this.span.said).containsExactly("expect 1", "written 1");
	}

	@Test
	void aMessageToAConnectionThatIsGoneIsNotWaitedFor() {
		this.node.router.traced("node.gone", ChannelName.user("alice"), this.span);
		assertThat(this.span.said).containsExactly("expect 0");
	}

	/** It is owed its part in memory, for however long. */
	@Test
	void aReaderThatStopsIsNotWaitedFor() {
		List<TestLoop.Socket> sockets = open(2);
		sockets.getFirst().pending = 1;
		this.node.publish();
		this.node.router.traced(null, ChannelName.ALL, this.span);
		this.node.run();
		assertThat(sockets.getFirst().numbers()).isEmpty();
		assertThat(sockets.getLast().numbers()).containsExactly(1);
		assertThat(this.span.said).containsExactly("expect 1", "written 2");
	}

	@Test
	void aTopicWithoutSubscribersIsWrittenToNone() {
		open(2);
		this.node.router.traced(null, ChannelName.topic("news"), this.span);
		this.node.run();
		assertThat(this.span.said).containsExactly("expect 1", "written 0");
	}

	/** A stalled loop drops messages; their spans must not fill the memory instead. */
	@Test
	void aLoopThatStallsHoldsAsManySpansAsItMay() {
		open(1);
		List<Spanned> spans = IntStream.range(0, TracedWrites.EXPECTED_LIMIT + 10)
			.mapToObj((i) -> new Spanned())
			.toList();
		spans.forEach((one) -> this.node.router.traced(null, ChannelName.ALL, one));
		this.node.run();
		assertThat(spans.subList(0, TracedWrites.EXPECTED_LIMIT))
			.allSatisfy((one) -> assertThat(one.said).containsExactly("expect 1", "written 1"));
		assertThat(spans.subList(TracedWrites.EXPECTED_LIMIT, spans.size()))
			.allSatisfy((one) -> assertThat(one.said).containsExactly("expect 1"));
		this.node.router.traced(null, ChannelName.ALL, this.span);
		this.node.run();
		assertThat(this.span.said).as("the loop goes on").containsExactly("expect 1", "written 1");
	}

	@Test
	void theOldestEndsWhereTooManyWait() {
		TracedWrites writes = new TracedWrites();
		List<Spanned> spans = IntStream.range(0, TracedWrites.LIMIT + 1).mapToObj((i) -> new Spanned()).toList();
		spans.forEach((one) -> writes.add(one, 1, 1));
		assertThat(spans.getFirst().said).containsExactly("written 1");
		assertThat(spans.subList(1, spans.size())).allSatisfy((one) -> assertThat(one.said).isEmpty());
		writes.written(0);
		assertThat(writes.isEmpty()).isFalse();
		writes.written(1);
		assertThat(writes.isEmpty()).isTrue();
		assertThat(spans).allSatisfy((one) -> assertThat(one.said).containsExactly("written 1"));
	}

}
