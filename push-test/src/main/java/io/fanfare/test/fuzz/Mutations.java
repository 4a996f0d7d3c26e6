package io.fanfare.test.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Inputs that are good but for a few edits, so that most of them are read far. */
public final class Mutations {

	private static final int MAX_EDITS = 4;

	private static final int MAX_LENGTH = 64;

	private Mutations() {
	}

	/** What an edit does with a stretch of the input. */
	private enum Kind {

		INSERT, REPLACE, DELETE, REPEAT, FLIP, CUT

	}

	/**
	 * A change of an input.
	 *
	 * @param kind what is done
	 * @param at where, from 0 for its begin to 1 for its end
	 * @param length of the stretch
	 * @param text what is put there
	 */
	private record Edit(Kind kind, double at, int length, byte[] text) {

		byte[] apply(byte[] input) {
			int from = (int) (this.at * input.length);
			int to = Math.min(input.length, from + this.length);
			byte[] stretch = Arrays.copyOfRange(input, from, to);
			return switch (this.kind) {
				case INSERT -> join(input, from, from, this.text);
				case REPLACE -> join(input, from, to, this.text);
				case DELETE -> join(input, from, to, new byte[0]);
				case REPEAT -> join(input, from, to, repeat(stretch, 1 + this.text.length % 20));
				case FLIP -> join(input, from, to, flip(stretch));
				case CUT -> Arrays.copyOf(input, from);
			};
		}

		private static byte[] join(byte[] input, int from, int to, byte[] between) {
			ByteArrayOutputStream out = new ByteArrayOutputStream(input.length + between.length);
			out.write(input, 0, from);
			out.writeBytes(between);
			out.write(input, to, input.length - to);
			return out.toByteArray();
		}

		private static byte[] repeat(byte[] stretch, int times) {
			ByteArrayOutputStream out = new ByteArrayOutputStream();
			for (int i = 0; i <= times; i++) {
				out.writeBytes(stretch);
			}
			return out.toByteArray();
		}

		private byte[] flip(byte[] stretch) {
			byte[] flipped = stretch.clone();
			if (flipped.length > 0) {
				flipped[0] ^= (byte) (1 << this.length % 8);
			}
			return flipped;
		}

	}

	/**
	 * Good inputs with one to four edits each.
	 * @param good the inputs
	 * @param words what an input of this kind is made of, which edits put in
	 * @return bytes
	 */
	public static Arbitrary<byte[]> of(List<byte[]> good, List<String> words) {
		Arbitrary<byte[]> text = Arbitraries.oneOf(
				Arbitraries.of(words).map((word) -> word.getBytes(StandardCharsets.UTF_8)),
				Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(4));
		Arbitrary<Edit> edit = Combinators
			.combine(Arbitraries.of(Kind.class), Arbitraries.doubles().between(0, 1),
					Arbitraries.integers().between(1, MAX_LENGTH), text)
			.as(Edit::new);
		return Combinators.combine(Arbitraries.of(good), edit.list().ofMinSize(1).ofMaxSize(MAX_EDITS))
			.as((input, edits) -> {
				byte[] edited = input;
				for (Edit one : edits) {
					edited = one.apply(edited);
				}
				return edited;
			});
	}

}
