package io.fanfare.protocol;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class EnvelopeTests {

	private static final long SEED = 4711;

	@Test
	void everyFieldComesBack() {
		Envelope envelope = new Envelope("order", new byte[] { 0, 13, 10, -1 }, 1_800_000_000_000L, 1_800_000_000_001L,
				true, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
		assertThat(Envelope.decode(envelope.encode(), 0)).usingRecursiveComparison().isEqualTo(envelope);
	}

	@Test
	void theLayoutIsTheDocumentedOne() {
		byte[] bytes = new Envelope("ab", new byte[] { 7, 8 }, 0x0102030405060708L, 9, true, "t").encode();
		assertThat(bytes).containsExactly(1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 9, 2, 'a', 'b', 1, 't', 7,
				8);
	}

	/** Versions that do not know the flag look at the bit of ephemeral alone. */
	@Test
	void aReceiptIsAFlagOfItsOwn() {
		for (boolean ephemeral : new boolean[] { false, true }) {
			Envelope envelope = new Envelope("ab", new byte[] { 7 }, 1, 9, ephemeral, "t", true);
			byte[] bytes = envelope.encode();
			assertThat(bytes[1]).isEqualTo((byte) (ephemeral ? 3 : 2));
			assertThat(Envelope.decode(bytes, 0)).usingRecursiveComparison().isEqualTo(envelope);
			bytes[1] &= 1;
			assertThat(bytes).isEqualTo(new Envelope("ab", new byte[] { 7 }, 1, 9, ephemeral, "t").encode());
		}
	}

	@Test
	void theDefaultEventDoesNotTravelAndNoTraceIsNoTrace() {
		Envelope envelope = new Envelope(EventName.DEFAULT, new byte[0], 1, 0, false, null);
		assertThat(envelope.encode()).hasSize(20);
		Envelope read = Envelope.decode(envelope.encode(), 0);
		assertThat(read.event()).isEqualTo("message");
		assertThat(read.traceparent()).isNull();
		assertThat(read.data()).isEmpty();
	}

	@Test
	void anyDataComesBackFromAnyOffset() {
		Random random = new Random(SEED);
		for (int i = 0; i < 5_000; i++) {
			byte[] data = new byte[random.nextInt(300)];
			random.nextBytes(data);
			String event = "e".repeat(1 + random.nextInt(255));
			Envelope envelope = new Envelope(event, data, random.nextLong(), random.nextLong(), random.nextBoolean(),
					random.nextBoolean() ? null : "t".repeat(1 + random.nextInt(255)));
			byte[] bytes = envelope.encode();
			int offset = random.nextInt(50);
			byte[] behind = new byte[offset + bytes.length];
			random.nextBytes(behind);
			System.arraycopy(bytes, 0, behind, offset, bytes.length);
			Envelope read = Envelope.decode(behind, offset);
			assertThat(read.data()).as("seed %d round %d", SEED, i).isEqualTo(data);
			assertThat(new Envelope(read.event(), data, read.publishedAt(), read.expiresAt(), read.ephemeral(),
					read.traceparent()))
				.as("seed %d round %d", SEED, i)
				.isEqualTo(envelope);
		}
	}

	@Test
	void everyCutOfAnEnvelopeIsRefusedOrHasLessData() {
		byte[] bytes = new Envelope("order", new byte[10], 1, 2, false, "trace").encode();
		for (int length = 0; length < bytes.length; length++) {
			byte[] cut = Arrays.copyOf(bytes, length);
			if (length < bytes.length - 10) {
				assertThatIllegalArgumentException().as("cut at %d", length).isThrownBy(() -> Envelope.decode(cut, 0));
			}
			else {
				assertThat(Envelope.decode(cut, 0).data()).hasSize(length - (bytes.length - 10));
			}
		}
	}

	@Test
	void anEventThatLeavesNoRoomForTheTraceIsRefused() {
		byte[] bytes = ByteBuffer.allocate(20).put(0, (byte) 1).put(18, (byte) 1).array();
		assertThatIllegalArgumentException().isThrownBy(() -> Envelope.decode(bytes, 0));
	}

	@Test
	void anotherVersionIsRefused() {
		byte[] bytes = new Envelope("order", new byte[10], 1, 2, false, null).encode();
		bytes[0] = 2;
		assertThatIllegalArgumentException().isThrownBy(() -> Envelope.decode(bytes, 0));
	}

	@Test
	void malformedBytesAreRefusedAndNothingWorse() {
		Random random = new Random(SEED);
		for (int i = 0; i < 200_000; i++) {
			byte[] bytes = new byte[random.nextInt(60)];
			random.nextBytes(bytes);
			if (bytes.length > 0) {
				bytes[0] = 1;
			}
			try {
				Envelope.decode(bytes, 0);
			}
			catch (IllegalArgumentException expected) {
				// the one way to refuse
			}
			catch (RuntimeException ex) {
				throw new AssertionError("seed " + SEED + ": " + Arrays.toString(bytes), ex);
			}
		}
	}

	@Test
	void fieldsThatDoNotFitAreRefused() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new Envelope("e".repeat(256), new byte[0], 1, 0, false, null).encode());
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new Envelope("e", new byte[0], 1, 0, false, "t".repeat(256)).encode());
	}

	@Test
	void aMessageExpiresAtItsTimeAndOneWithoutNever() {
		assertThat(new Envelope("e", new byte[0], 1, 100, false, null).isExpired(99)).isFalse();
		assertThat(new Envelope("e", new byte[0], 1, 100, false, null).isExpired(100)).isTrue();
		assertThat(new Envelope("e", new byte[0], 1, 0, false, null).isExpired(Long.MAX_VALUE)).isFalse();
	}

}
