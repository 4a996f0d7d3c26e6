package io.fanfare.protocol;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static io.fanfare.redis.RedisPartition.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class FrameTests {

	private static final long SEED = 99;

	private static final Envelope ENVELOPE = new Envelope("order", new byte[] { '\n', 0, ' ', -1 }, 5, 6, false, null);

	@Test
	void aMessageToAUserNamesItsConnection() {
		Frame.Published frame = (Frame.Published) Frame.decode(message("M 7-3 node.c1 user:Zoë b: {x}\n"));
		assertThat(frame.id()).isEqualTo(MessageId.of(7, 3));
		assertThat(frame.connection()).isEqualTo("node.c1");
		assertThat(frame.channel()).isEqualTo(ChannelName.user("Zoë b: {x}"));
		assertThat(frame.envelope()).usingRecursiveComparison().isEqualTo(ENVELOPE);
	}

	@Test
	void aMessageToATopicNamesNone() {
		Frame.Published frame = (Frame.Published) Frame.decode(message("M 7-3 - news\n"));
		assertThat(frame.connection()).isNull();
		assertThat(frame.channel()).isEqualTo(ChannelName.topic("news"));
		assertThat(((Frame.Published) Frame.decode(message("M 7-3 -x user:a\n"))).connection()).isEqualTo("-x");
	}

	@Test
	void aKickNamesVictimGenerationReasonAndGrace() {
		assertThat(Frame.decode(bytes("K n.c1 7-3 logout 1500\n")))
			.isEqualTo(new Frame.Kick("n.c1", MessageId.of(7, 3), CloseReason.LOGOUT, Duration.ofMillis(1500), null));
		assertThat(Frame.decode(bytes("K n.c1 7-3 - 0\n")))
			.isEqualTo(new Frame.Kick("n.c1", MessageId.of(7, 3), null, Duration.ZERO, null));
	}

	@Test
	void aDisplacementNamesGenerationConnectionClientAndAUserWhoMayHaveSpaces() {
		assertThat(Frame.decode(bytes("D 5-1 n.c page Zoë the 1st\n")))
			.isEqualTo(new Frame.Displacement(MessageId.of(5, 1), "n.c", "page", "Zoë the 1st"));
	}

	@Test
	void aRestoredFieldNamesTheConnectionAndWhereItsUsersChannelStands() {
		assertThat(Frame.decode(bytes("B n.c1 7-3\n")))
			.isEqualTo(new Frame.Restored("n.c1", new Predecessor(MessageId.of(7, 3), MessageId.of(7, 3), 0)));
		assertThat(Frame.decode(bytes("B n.c1 7-3 6-1 900\n")))
			.isEqualTo(new Frame.Restored("n.c1", new Predecessor(MessageId.of(7, 3), MessageId.of(6, 1), 900)));
	}

	@Test
	void aHiddenStretchNamesTheConnectionThatMayContinueIt() {
		assertThat(Frame.decode(bytes("H n.c1 7-3 7-9\n")))
			.isEqualTo(new Frame.Hidden("n.c1", MessageId.of(7, 3), MessageId.of(7, 9)));
	}

	@Test
	void unacknowledgedMessagesNameTheConnectionThatMayAcknowledgeThem() {
		assertThat(Frame.decode(bytes("U n.c1 7-3 7-9\n")))
			.isEqualTo(new Frame.Unacknowledged("n.c1", List.of(MessageId.of(7, 3), MessageId.of(7, 9))));
	}

	@Test
	void probeAndCloseAreRead() {
		assertThat(Frame.decode(bytes("P 7-3 nonce with spaces\n")))
			.isEqualTo(new Frame.Probe(MessageId.of(7, 3), "nonce with spaces"));
		Frame.Close close = new Frame.Close("n.c1");
		assertThat(Frame.decode(close.encode())).isEqualTo(close);
	}

	@Test
	void anAcknowledgementNamesTheProbesThatWereHeard() {
		Frame.Acknowledgement none = new Frame.Acknowledgement("n.c1", List.of(), MessageId.ZERO, List.of());
		assertThat(none.encode()).isEqualTo(bytes("A n.c1\n"));
		assertThat(Frame.decode(none.encode())).isEqualTo(none);
		Frame.Acknowledgement two = new Frame.Acknowledgement("n.c1", List.of("a1", "b2"), MessageId.ZERO, List.of());
		assertThat(two.encode()).isEqualTo(bytes("A n.c1 a1 b2\n"));
		assertThat(Frame.decode(two.encode())).isEqualTo(two);
	}

	@Test
	void anAcknowledgementNamesTheMessagesThatWereReceivedBehindItsLine() {
		Frame.Acknowledgement all = new Frame.Acknowledgement("n.c1", List.of("a1"), MessageId.of(7, 3), List.of());
		assertThat(all.encode()).isEqualTo(bytes("A n.c1 a1\n7-3"));
		assertThat(Frame.decode(all.encode())).isEqualTo(all);
		Frame.Acknowledgement above = new Frame.Acknowledgement("n.c1", List.of(), MessageId.ZERO,
				List.of(MessageId.of(7, 5), MessageId.of(8, 0)));
		assertThat(above.encode()).isEqualTo(bytes("A n.c1\n0-0 7-5 8-0"));
		assertThat(Frame.decode(above.encode())).isEqualTo(above);
	}

	@Test
	void aCallCarriesItsAskerAndABodyOfAnyBytes() {
		Frame.Call call = new Frame.Call("1z", "api.ff", "show", new byte[] { '\n', 0, '{', -1 });
		assertThat(Frame.decode(call.encode())).usingRecursiveComparison().isEqualTo(call);
	}

	@Test
	void aKindOfALaterVersionIsPassedOver() {
		assertThat(Frame.decode(bytes("X what ever\n"))).isNull();
		assertThat(Frame.decode(bytes("é\n"))).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "\n", "M", "M\n", "M 7-3 - news", "M 7-3\n", "M 7-3 -\n", "M x - news\n",
			"M 7-3 - news\n", "K c 7-3 logout\n", "K c 7-3 logout x\n", "K c x logout 0\n", "K c 7-3 logout 0 more\n",
			"K \n", "A \n", "A n.c  a\n", "A n.c a\n7-", "A n.c a\n7-3 x", "A n.c a\n7-3  7-4", "A n.c a\n ", "P 7-3\n",
			"P x n\n", "P \n", "Q 1 api\n", "Q 1 api a b\n", "Q 1 api show", "B n.c1\n", "B n.c1 7-3 6-1\n",
			"B n.c1 x\n", "B n.c1 7-3 6-1 x\n", "H n.c1 7-3\n", "H n.c1 7-3 x\n", "H n.c1 7-3 7-9 8\n", "U \n",
			"U n.c1\n", "U n.c1 x\n", "U n.c1 7-3 \n" })
	void malformedFramesAreRefused(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> Frame.decode(bytes(text)));
	}

	@Test
	void noBytesMakeItFailOtherwise() {
		Random random = new Random(SEED);
		byte[][] good = { message("M 7-3 n.c1 user:Zoë\n"), message("M 7-3 - news\n"), bytes("K n.c1 7-3 logout 0\n"),
				bytes("P 7-3 n\n"), bytes("C n.c1\n"), bytes("B n.c1 7-3 6-1 900\n"), bytes("H n.c1 7-3 7-9\n"),
				bytes("U n.c1 7-3 7-9\n"), bytes("Q 1 api show\n{}") };
		for (int i = 0; i < 200_000; i++) {
			byte[] bytes = good[random.nextInt(good.length)].clone();
			for (int changes = random.nextInt(4); changes > 0; changes--) {
				bytes[random.nextInt(bytes.length)] = (byte) (random.nextBoolean() ? random.nextInt(256)
						: " \n-0K".charAt(random.nextInt(5)));
			}
			bytes = Arrays.copyOf(bytes, random.nextBoolean() ? bytes.length : random.nextInt(bytes.length + 1));
			try {
				Frame.decode(bytes);
			}
			catch (IllegalArgumentException expected) {
				// the one way to refuse
			}
			catch (RuntimeException ex) {
				throw new AssertionError("seed " + SEED + ": " + Arrays.toString(bytes), ex);
			}
		}
	}

	private static byte[] message(String head) {
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		out.writeBytes(bytes(head));
		out.writeBytes(ENVELOPE.encode());
		return out.toByteArray();
	}

}
