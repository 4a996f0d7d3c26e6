package io.fanfare.node.encoding;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class BacklogTests {

	private final Backlog root = Backlog.root();

	static Message message(long id) {
		return Message.render(id, ChannelName.ALL,
				new Envelope("message", ("m" + id).getBytes(StandardCharsets.UTF_8), 0, 0, false, null));
	}

	private static String bytes(Backlog backlog) {
		ByteBuf chunk = backlog.encode(UnpooledByteBufAllocator.DEFAULT);
		String text = chunk.toString(StandardCharsets.UTF_8);
		chunk.release();
		return text;
	}

	@Test
	void theRootOwesNothing() {
		assertThat(this.root.isEmpty()).isTrue();
		assertThat(this.root.size()).isZero();
		assertThat(this.root.bytes()).isZero();
		assertThatIllegalStateException().isThrownBy(this.root::lastId);
	}

	@Test
	void thoseOwedTheSameHoldTheSameNode() {
		Message one = message(1);
		Message two = message(2);
		assertThat(this.root.append(one).append(two)).isSameAs(this.root.append(one).append(two));
		assertThat(this.root.append(two)).isNotSameAs(this.root.append(one).append(two));
	}

	@Test
	void aBranchDoesNotDisturbAnother() {
		Message one = message(1);
		Backlog first = this.root.append(one).append(message(2));
		Backlog second = this.root.append(one).append(message(3));
		assertThat(bytes(first)).contains("data: m2").doesNotContain("m3");
		assertThat(bytes(second)).contains("data: m3").doesNotContain("m2");
	}

	@Test
	void itIsOneChunkOfAllBlocksInOrder() {
		Backlog backlog = this.root;
		StringBuilder expected = new StringBuilder();
		for (int id = 1; id <= 100; id++) {
			backlog = backlog.append(message(id));
			expected.append("id: 0-").append(id).append("\ndata: m").append(id).append("\n\n");
		}
		assertThat(backlog.size()).isEqualTo(100);
		assertThat(backlog.bytes()).isEqualTo(expected.length());
		assertThat(backlog.lastId()).isEqualTo(100);
		assertThat(bytes(backlog)).isEqualTo(Integer.toHexString(expected.length()) + "\r\n" + expected + "\r\n");
	}

	@Test
	void manyConnectionsInAnyInterleavingAreOwedWhatWasAppendedToEach() {
		long seed = System.nanoTime();
		Random random = new Random(seed);
		Backlog[] owed = new Backlog[20];
		List<List<Integer>> expected = new ArrayList<>();
		for (int i = 0; i < owed.length; i++) {
			owed[i] = this.root;
			expected.add(new ArrayList<>());
		}
		for (int id = 1; id <= 500; id++) {
			Message message = message(id);
			for (int i = 0; i < owed.length; i++) {
				int dice = random.nextInt(10);
				if (dice == 0) {
					owed[i] = this.root;
					expected.get(i).clear();
				}
				if (dice < 7) {
					owed[i] = owed[i].append(message);
					expected.get(i).add(id);
				}
			}
		}
		for (int i = 0; i < owed.length; i++) {
			StringBuilder blocks = new StringBuilder();
			expected.get(i)
				.forEach((id) -> blocks.append("id: 0-").append(id).append("\ndata: m").append(id).append("\n\n"));
			assertThat(bytes(owed[i])).as("seed %d, connection %d", seed, i).contains(blocks);
			assertThat(owed[i].size()).isEqualTo(expected.get(i).size());
		}
	}

}
