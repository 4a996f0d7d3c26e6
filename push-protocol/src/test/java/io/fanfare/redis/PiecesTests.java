package io.fanfare.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class PiecesTests {

	private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

	@ParameterizedTest
	@CsvSource({ "76, 32", "8192, 32", "8193, 31", "65536, 4", "65537, 3", "131072, 2", "131073, 1", "262144, 1",
			"262145, 1", "8388608, 1" })
	void aPieceHas32ChannelsOrAsManyAs256KiBAllow(int weight, int channels) {
		assertThat(Pieces.channels(weight)).isEqualTo(channels);
	}

	@Test
	void aMessageWeighsItsLongestEnvelopeWhateverItsTrace() {
		for (String event : List.of(EventName.DEFAULT, "order")) {
			Envelope traced = envelope(event, 100, TRACE);
			assertThat(Pieces.weight(traced)).isEqualTo(traced.encode().length);
			assertThat(Pieces.weight(envelope(event, 100, null))).isEqualTo(Pieces.weight(traced));
		}
	}

	@Test
	void piecesHoldEveryChannelOnceInOrderAndAreFullButForTheLast() {
		long seed = System.nanoTime();
		Random random = new Random(seed);
		for (int round = 0; round < 2_000; round++) {
			int weight = 76 + random.nextInt(round % 2 == 0 ? 20_000 : 400_000);
			List<Integer> channels = IntStream.range(0, 1 + random.nextInt(300)).boxed().toList();
			List<List<Integer>> pieces = Pieces.of(channels, weight);
			assertThat(pieces.stream().flatMap(List::stream).toList()).as("seed " + seed).isEqualTo(channels);
			int full = pieces.getFirst().size();
			for (List<Integer> piece : pieces) {
				assertThat(piece.size()).as("seed " + seed).isBetween(1, 32);
				assertThat(piece.size() == 1 || (long) piece.size() * weight <= Pieces.MAX_BYTES).as("seed " + seed)
					.isTrue();
				assertThat(piece == pieces.getLast() || piece.size() == full).as("seed " + seed).isTrue();
			}
			assertThat(Pieces.of(channels, weight)).as("seed " + seed).isEqualTo(pieces);
		}
	}

	private static Envelope envelope(String event, int length, String trace) {
		return new Envelope(event, "x".repeat(length).getBytes(StandardCharsets.US_ASCII), 1, 0, false, trace);
	}

}
