package io.fanfare.node.connection;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;

import io.fanfare.node.subscription.Topics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.revocation.IssuedToken;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class WheelTests {

	private static final LoopExecutor STILL = new LoopExecutor() {
		@Override
		public void execute(Runnable task) {
			// never
		}

		@Override
		public void executeAfterIo(Runnable task) {
			// never
		}

		@Override
		public void schedule(Runnable task, Duration delay) {
			// never
		}

		@Override
		public long nanoTime() {
			return 0;
		}

		@Override
		public long millis() {
			return 0;
		}
	};

	private static final Topics.Upstream NOBODY = new Topics.Upstream() {
		@Override
		public void subscribe(ChannelName topic, LongConsumer confirmed) {
			// nobody
		}

		@Override
		public void unsubscribe(ChannelName topic, LongConsumer confirmed) {
			// nobody
		}
	};

	private final StreamLoop loop = new StreamLoop(STILL,
			new StreamLoop.Node("node", TestLoop.SETTINGS, Duration.ZERO, Duration.ZERO, Duration.ZERO, null, null,
					NOBODY, null, CatchUpEvents.NONE, new Connections("node", 1, RandomGenerator.getDefault()),
					RandomGenerator.getDefault(), new Errors(System::nanoTime, (where) -> {
					}, Errors::halt), MemoryBudget.ofNode(1 << 20, 1 << 20, 1 << 20),
					new DirectMemory(() -> 0, 1 << 30)));

	private final Wheel wheel = new Wheel();

	private Connection connection(String id) {
		return new Connection(new ConnectionKey("key", id),
				new StreamRequest("user", null, null, Tier.NORMAL, List.of(), new StreamRequest.Start.Now(), false,
						false, Instant.MAX, Instant.MAX, InetAddress.getLoopbackAddress(), false, IssuedToken.LATEST),
				this.loop, null, null);
	}

	@ParameterizedTest
	@CsvSource({ "1,1", "2,2", "15,15", "63,63", "64,63", "100000,63", "0,1", "-5,1", "9223372036854775807,63" })
	void aConnectionComesUpAfterItsSecondsAndOnce(long seconds, int expected) {
		for (int turned = 0; turned < 70; turned++) {
			this.wheel.advance();
		}
		Connection connection = connection("a");
		this.wheel.add(connection, seconds);
		for (int second = 1; second <= 130; second++) {
			List<Connection> due = this.wheel.advance();
			if (second == expected) {
				assertThat(due).containsExactly(connection);
			}
			else {
				assertThat(due).isEmpty();
			}
		}
	}

	@Test
	void whatIsPutBackWhileTheDueOnesAreWalkedComesUpLater() {
		this.wheel.add(connection("a"), 1);
		this.wheel.add(connection("b"), 1);
		List<Connection> due = this.wheel.advance();
		due.forEach((connection) -> this.wheel.add(connection, 64));
		assertThat(due).hasSize(2);
		int seen = 0;
		for (int second = 0; second < 63; second++) {
			seen += this.wheel.advance().size();
		}
		assertThat(seen).isEqualTo(2);
	}

}
