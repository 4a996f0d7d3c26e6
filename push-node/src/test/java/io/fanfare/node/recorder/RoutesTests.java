package io.fanfare.node.recorder;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallResult.Route;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The ring of the messages that a node was handed. */
class RoutesTests {

	private static final ChannelName ALICE = ChannelName.user("alice");

	private final Routes routes = new Routes(4);

	private static Message message(long id, ChannelName channel, boolean ephemeral) {
		return Message.render(id, channel, new Envelope(EventName.DEFAULT, new byte[0], 0, 0, ephemeral, null));
	}

	private static Message message(long id) {
		return message(id, ALICE, false);
	}

	@Test
	void aMessageIsToldAsItCame() {
		this.routes.named(message(10), 7, "c1", true);
		this.routes.named(message(11, ALICE, true), 8, "c2", false);
		this.routes.broadcast(message(12, ChannelName.topic("news"), false), 9);
		assertThat(this.routes.find(10, "user:alice"))
			.isEqualTo(new Came(new Route(7, true, true, false), Came.hash("c1")));
		assertThat(this.routes.find(11, "user:alice"))
			.isEqualTo(new Came(new Route(8, true, false, true), Came.hash("c2")));
		assertThat(this.routes.find(12, "news")).isEqualTo(new Came(new Route(9, false, true, false), 0));
		assertThat(this.routes.find(9, "user:alice")).isNull();
	}

	@Test
	void aNamedMessageIsForTheConnectionThatWasNamed() {
		String longest = "n1.sotr.k0-LYHkzcHH6TKZz";
		this.routes.named(message(10), 7, longest, true);
		this.routes.named(message(11), 7, longest, false);
		this.routes.broadcast(message(12), 9);
		assertThat(this.routes.find(10, "user:alice").isFor(longest)).isTrue();
		assertThat(this.routes.find(10, "user:alice").isFor("n1.sotr.CrB7HjdyE961pd5G")).isFalse();
		assertThat(this.routes.find(11, "user:alice").isFor(longest)).isFalse();
		assertThat(this.routes.find(12, "user:alice").isFor(longest)).isTrue();
	}

	@Test
	void anIdOfAnotherChannelIsNotThere() {
		this.routes.named(message(10), 7, "c1", true);
		assertThat(this.routes.find(10, "user:bob")).isNull();
	}

	@Test
	void theLastAreKeptAndTheRingSaysHowFarItReachesBack() {
		assertThat(this.routes.since(1000, 5)).isEqualTo(5);
		for (int i = 1; i <= 10; i++) {
			this.routes.broadcast(message(i), 100 + i);
		}
		assertThat(this.routes.find(6, "user:alice")).isNull();
		for (int i = 7; i <= 10; i++) {
			assertThat(this.routes.find(i, "user:alice"))
				.isEqualTo(new Came(new Route(100 + i, false, true, false), 0));
		}
		assertThat(this.routes.forgottenUpTo()).isEqualTo(7);
		assertThat(this.routes.since(1000, 5)).isEqualTo(107);
	}

	/** After a loss of data Redis may give lower ids. */
	@Test
	void idsThatStepBackAreFoundAllTheSame() {
		for (long id : new long[] { 50, 51, 20, 21 }) {
			this.routes.broadcast(message(id), id);
		}
		for (long id : new long[] { 50, 51, 20, 21 }) {
			assertThat(this.routes.find(id, "user:alice")).isEqualTo(new Came(new Route(id, false, true, false), 0));
		}
		assertThat(this.routes.find(30, "user:alice")).isNull();
	}

	@Test
	void oneThatKeepsNothingTakesNothing() {
		Routes none = new Routes(0);
		none.broadcast(message(1), 1);
		assertThat(none.find(1, "user:alice")).isNull();
		assertThat(none.bytes()).isZero();
		assertThat(none.forgottenUpTo()).isEqualTo(MessageId.MAX);
	}

	/** Each id came at a time that is the id's: what is torn would differ. */
	@Test
	void whatIsReadWhileTheRingIsWrittenIsWholeOrNotThere() {
		Routes ring = new Routes(64);
		AtomicBoolean over = new AtomicBoolean();
		CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
			for (long id = 1; id <= 300_000; id++) {
				ring.broadcast(message(id), id);
			}
			over.set(true);
		});
		long found = 0;
		while (!over.get()) {
			long id = ring.forgottenUpTo() + 3;
			Came came = ring.find(id, "user:alice");
			if (came != null) {
				assertThat(came.route().at()).isEqualTo(id);
				found++;
			}
		}
		writer.join();
		assertThat(ring.find(300_000, "user:alice")).isNotNull();
		assertThat(found).isPositive();
	}

}
