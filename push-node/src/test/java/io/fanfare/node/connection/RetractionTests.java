package io.fanfare.node.connection;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.Retraction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Messages were erased, and the retraction arrives. */
class RetractionTests {

	private static final ChannelName NEWS = ChannelName.topic("news");

	private final TestLoop test = new TestLoop(Inbox.LIMIT);

	private int number;

	/** It is stored and arrives. */
	private Message publish(ChannelName channel) {
		Message message = store(channel);
		this.test.router.broadcast(message);
		return message;
	}

	private Message store(ChannelName channel) {
		return this.test.store.publish(channel, "m" + ++this.number);
	}

	private void erase(Message message) {
		this.test.router.broadcast(this.test.store.erase(message));
	}

	/** Lets the loop claim the user, and run until it waits for a read. */
	private void awaitRead() {
		turns();
		this.test.store.answer();
		turns();
		assertThat(this.test.store.asked).as("a read is on its way").isNotEmpty();
	}

	private void turns() {
		while (this.test.isBusy()) {
			this.test.turn();
		}
	}

	private static void isRetracted(TestLoop.Socket reader, Message message) {
		assertThat(reader.text).containsOnlyOnce("event: push.retracted\n")
			.contains(new Retraction(message.channel(), message.id(), false).data())
			.doesNotContain("push.gap");
	}

	@Test
	void whoReceivedTheMessageReceivesTheRetractionInOrder() {
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Now(), "news");
		TestLoop.Socket other = this.test.open("bob", new StreamRequest.Start.Now());
		this.test.run();
		Message erased = publish(NEWS);
		this.test.run();
		erase(erased);
		publish(NEWS);
		this.test.run();
		assertThat(reader.numbers()).containsExactly(1, 2);
		assertThat(reader.text.toString()).containsSubsequence("data: m1\n", "event: push.retracted\n", "data: m2\n");
		isRetracted(reader, erased);
		assertThat(other.text).doesNotContain("push.retracted");
	}

	/** One topic that a few receive, and one that all do, which is kept once for all. */
	@ParameterizedTest
	@ValueSource(ints = { 1, 20 })
	void whatWaitsForASlowReaderIsNotWrittenAnyMore(int others) {
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Now(), "news");
		List<TestLoop.Socket> quick = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			quick.add(this.test.open("user-" + i, new StreamRequest.Start.Now(), (i < others) ? "news" : "other"));
		}
		this.test.run();
		reader.pending = 1;
		publish(NEWS);
		Message erased = publish(NEWS);
		publish(NEWS);
		this.test.run();
		erase(erased);
		publish(NEWS);
		this.test.run();
		reader.readOn();
		this.test.run();
		assertThat(reader.numbers()).containsExactly(1, 3, 4);
		isRetracted(reader, erased);
		assertThat(quick.getFirst().numbers()).as("had it before").containsExactly(1, 2, 3, 4);
	}

	@Test
	void whatIsAllThatWaitsIsNotWrittenAnyMore() {
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Now(), "news");
		this.test.run();
		reader.pending = 1;
		Message erased = publish(NEWS);
		this.test.run();
		erase(erased);
		this.test.run();
		reader.readOn();
		this.test.run();
		publish(NEWS);
		this.test.run();
		assertThat(reader.numbers()).containsExactly(2);
		isRetracted(reader, erased);
		assertThat(this.test.loop.owed().bytes()).as("nothing is owed").isZero();
	}

	@Test
	void whatAReadBroughtThatWasBegunBeforeIsNotWritten() {
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.After(this.test.store.clock), "news");
		store(NEWS);
		Message erased = store(NEWS);
		awaitRead();
		this.test.router.broadcast(this.test.store.retract(erased));
		this.test.turn();
		this.test.run();
		assertThat(reader.numbers()).containsExactly(1);
		isRetracted(reader, erased);
	}

	@Test
	void whatAReadBroughtAndWasNotWrittenYetIsNotWritten() {
		store(NEWS);
		Message erased = store(NEWS);
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.After(100), "news");
		awaitRead();
		reader.pending = 1;
		this.test.run();
		assertThat(reader.numbers()).isEmpty();
		erase(erased);
		this.test.run();
		reader.readOn();
		this.test.run();
		assertThat(reader.numbers()).containsExactly(1);
		isRetracted(reader, erased);
	}

	@Test
	void manyRetractionsForOneThatDoesNotReadAreNotNotedForEver() {
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Now(), "news");
		this.test.run();
		reader.pending = 1;
		List<Message> erased = new ArrayList<>();
		for (int i = 0; i < 200; i++) {
			erased.add(publish(NEWS));
		}
		publish(NEWS);
		this.test.run();
		erased.forEach(this::erase);
		this.test.run();
		reader.readOn();
		this.test.run();
		assertThat(reader.numbers()).containsExactly(201);
		assertThat(reader.text.toString().split("event: push.retracted\n", -1)).hasSize(201);
	}

	@Test
	void oneThatReadsMeanwhileReadsAnewWhenMoreWasErasedThanIsNoted() {
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.After(this.test.store.clock), "news");
		List<Message> erased = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			erased.add(store(NEWS));
		}
		awaitRead();
		List<Message> retractions = erased.stream().map(this.test.store::retract).toList();
		retractions.forEach(this.test.router::broadcast);
		Runnable read = this.test.store.asked.remove();
		while (!this.test.store.asked.isEmpty()) {
			read = both(read, this.test.store.asked.remove());
		}
		this.test.turn();
		read.run();
		erased.forEach(this.test.store::erase);
		this.test.run();
		assertThat(reader.numbers()).isEmpty();
		assertThat(reader.text).contains("event: push.retracted\n");
	}

	private static Runnable both(Runnable first, Runnable second) {
		return () -> {
			first.run();
			second.run();
		};
	}

	@Test
	void theStreamOfAnErasedUserIsGivenTheRetractionOfAllAtOnce() {
		ChannelName alice = ChannelName.user("alice");
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Now());
		this.test.run();
		reader.pending = 1;
		publish(alice);
		publish(ChannelName.ALL);
		this.test.run();
		Retraction all = new Retraction(alice, ++this.test.store.clock, true);
		this.test.router.broadcast(Message.render(all.id(), alice,
				new Envelope(Retraction.EVENT, all.data().getBytes(StandardCharsets.UTF_8), 0, 0, true, null)));
		this.test.run();
		assertThat(reader.text).containsOnlyOnce("event: push.retracted\ndata: " + all.data() + "\n\n");
		reader.readOn();
		this.test.run();
		assertThat(reader.numbers()).containsExactly(2);
	}

}
