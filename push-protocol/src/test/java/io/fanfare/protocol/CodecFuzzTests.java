package io.fanfare.protocol;

import java.nio.charset.StandardCharsets;
import java.util.List;

import io.fanfare.test.fuzz.Mutations;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import static org.assertj.core.api.Assertions.assertThat;

/** What is read of bytes that may be anything. */
class CodecFuzzTests {

	private static final byte[] ENVELOPE = new Envelope("order", "{\"id\":42}".getBytes(StandardCharsets.UTF_8), 1, 2,
			true, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		.encode();

	private static final List<byte[]> FRAMES = List.of(
			Frame.line("M 1795000000000-5 node.12345678.abc user:alice", ENVELOPE),
			Frame.line("M 1795000000000-5 - news", ENVELOPE),
			Frame.line("K node.12345678.abc 1795000000000-5 logout 5000"),
			Frame.line("D 1795000000000-5 node.12345678.abc page alice b"),
			Frame.line("B node.12345678.abc 1795000000000-5 1795000000000-4 0"),
			Frame.line("H node.12345678.abc 1795000000000-5 1795000000000-6"), Frame.line("P 1795000000000-5 nonce"),
			new Frame.Close("node.12345678.abc").encode(),
			new Frame.Acknowledgement("node.12345678.abc", List.of("a", "b"), 0, List.of()).encode(),
			new Frame.Acknowledgement("node.12345678.abc", List.of("a"), 1L << 40, List.of(2L << 40, 3L << 40))
				.encode(),
			new Frame.Call("1", "asker", "show", "{}".getBytes(StandardCharsets.UTF_8)).encode());

	private static final List<String> WORDS = List.of(" ", "\n", "-", "0-0", "M ", "K ", "9223372036854775807",
			"8796093022208-1048576", "\u0000", "\ud83d\ude00", "*", "user:", ":");

	@Provide
	static Arbitrary<List<byte[]>> frames() {
		return Mutations.of(FRAMES, WORDS).list().ofSize(200);
	}

	@Provide
	static Arbitrary<List<byte[]>> envelopes() {
		return Mutations.of(List.of(ENVELOPE), WORDS).list().ofSize(200);
	}

	/** Whatever else is thrown would be taken for a fault of the node. */
	@Property
	void aFrameIsReadOrRefused(@ForAll("frames") List<byte[]> frames) {
		for (byte[] bytes : frames) {
			try {
				if (Frame.decode(bytes) instanceof Frame.FromClient frame) {
					assertThat(Frame.decode(frame.encode())).isEqualTo(frame);
				}
			}
			catch (IllegalArgumentException ex) {
				// Refused
			}
		}
	}

	@Property
	void anEnvelopeThatIsReadIsWrittenAsItWas(@ForAll("envelopes") List<byte[]> envelopes) {
		for (byte[] bytes : envelopes) {
			Envelope envelope;
			try {
				envelope = Envelope.decode(bytes, 0);
			}
			catch (IllegalArgumentException ex) {
				continue;
			}
			assertThat(Envelope.decode(envelope.encode(), 0)).usingRecursiveComparison().isEqualTo(envelope);
		}
	}

	@Property
	void anEnvelopeComesBackAsItWasSent(@ForAll byte[] data, @ForAll long publishedAt, @ForAll long expiresAt,
			@ForAll boolean ephemeral) {
		Envelope envelope = new Envelope("order", data, publishedAt, expiresAt, ephemeral, null);
		assertThat(Envelope.decode(envelope.encode(), 0)).usingRecursiveComparison().isEqualTo(envelope);
	}

	@Provide
	static Arbitrary<String> ids() {
		return Arbitraries.strings().withChars("0123456789-+ ").ofMaxLength(24);
	}

	@Property
	void anIdIsOneOfExactlyOneText(@ForAll("ids") String text) {
		Long id = MessageId.tryParse(text);
		if (id != null) {
			assertThat(MessageId.tryParse(MessageId.format(id))).isEqualTo(id);
		}
	}

}
