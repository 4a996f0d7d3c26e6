package io.fanfare.node.connection;

import io.fanfare.protocol.ChannelName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A frame came that could not be read: what it carried is in history alone. */
class UnreadableTests {

	private static final ChannelName NEWS = ChannelName.topic("news");

	private final TestLoop test = new TestLoop(Inbox.LIMIT);

	private int lost = 100;

	/** It is stored, and what came of it on the wire could not be read. */
	private void lose(ChannelName channel) {
		this.test.store.publish(channel, "m" + ++this.lost);
		this.test.loop.submit(() -> this.test.loop.unreadable(channel));
	}

	@Test
	void whatItCarriedIsReadInItsPlace() {
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Now(), "news");
		TestLoop.Socket other = this.test.open("bob", new StreamRequest.Start.Now());
		this.test.run();
		this.test.publish(NEWS);
		lose(NEWS);
		this.test.publish(NEWS);
		this.test.run();
		assertThat(reader.numbers()).containsExactly(1, 101, 2);
		assertThat(other.numbers()).isEmpty();
		assertThat(reader.text).doesNotContain("push.gap");
	}

	@Test
	void aReadThatIsKeptDoesNotStandInForOneThatFindsIt() {
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Now(), "news");
		this.test.run();
		for (int i = 0; i < 5; i++) {
			lose(NEWS);
			this.test.run();
		}
		this.test.publish(NEWS);
		this.test.run();
		assertThat(reader.numbers()).containsExactly(101, 102, 103, 104, 105, 1);
	}

	@Test
	void aReadOnItsWayIsFollowedByAnother() {
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Now(), "news");
		this.test.run();
		lose(NEWS);
		this.test.turn();
		// It is answered, and before the answer is looked at the next one is lost.
		this.test.store.answer();
		this.test.store.publish(NEWS, "m7");
		this.test.loop.submit(() -> this.test.loop.unreadable(null));
		this.test.publish(NEWS);
		this.test.run();
		assertThat(reader.numbers()).containsExactly(101, 7, 1);
	}

	@Test
	void oneWhileAStreamIsBeingOpenedLeavesNoHole() {
		TestLoop.Socket reader = this.test.open("alice", new StreamRequest.Start.Now(), "news");
		this.test.turn();
		// The claim is answered; the answer is on its way.
		this.test.store.answer();
		this.test.store.publish(NEWS, "m7");
		this.test.loop.unreadable(NEWS);
		this.test.publish(NEWS);
		this.test.run();
		assertThat(reader.numbers()).containsExactly(7, 1);
	}

	@Test
	void manyCostOneReadEachAtMost() {
		this.test.open("alice", new StreamRequest.Start.Now(), "news");
		this.test.run();
		for (int i = 0; i < 100; i++) {
			this.test.loop.submit(() -> this.test.loop.unreadable(NEWS));
		}
		this.test.run();
		assertThat(this.test.isBusy()).as("no endless loop").isFalse();
	}

}
