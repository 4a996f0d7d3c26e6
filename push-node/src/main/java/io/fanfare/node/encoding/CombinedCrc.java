package io.fanfare.node.encoding;

/**
 * The CRC-32 of two stretches of bytes from those of each, without the bytes. Appending n
 * zero bytes multiplies a CRC by x^8n modulo the polynomial, in GF(2); so the CRC of both
 * is that of the first, moved so, plus that of the second. The way of zlib's
 * {@code crc32_combine_gen} and {@code crc32_combine_op}.
 */
final class CombinedCrc {

	/** The polynomial, the coefficient of x^0 in the highest bit. */
	private static final int POLYNOMIAL = 0xEDB88320;

	/** 1, as a polynomial. */
	private static final int ONE = 1 << 31;

	/** x^(2^n), n from 0 to 31; x^(2^32) is x^(2^1) and so on. */
	private static final int[] POWERS = powers();

	private CombinedCrc() {
	}

	private static int[] powers() {
		int[] powers = new int[32];
		powers[0] = ONE >>> 1;
		for (int n = 1; n < powers.length; n++) {
			powers[n] = multiply(powers[n - 1], powers[n - 1]);
		}
		return powers;
	}

	/**
	 * By what a CRC is multiplied when bytes follow: some multiplications, to be done
	 * once for bytes that many streams get.
	 * @param length how many bytes
	 */
	static int shift(int length) {
		int shift = ONE;
		int power = 3;
		for (int left = length; left != 0; left >>>= 1) {
			if ((left & 1) != 0) {
				shift = multiply(POWERS[power & 31], shift);
			}
			power++;
		}
		return shift;
	}

	/**
	 * The CRC of two stretches of bytes: one multiplication.
	 * @param first the CRC of the first
	 * @param second the CRC of the second
	 * @param shift {@link #shift(int)} of the length of the second
	 */
	static int combine(int first, int second, int shift) {
		return multiply(shift, first) ^ second;
	}

	private static int multiply(int a, int b) {
		int product = 0;
		int shifted = b;
		for (int left = a; left != 0; left <<= 1) {
			// Without branches: the bits are random.
			product ^= shifted & (left >> 31);
			shifted = (shifted >>> 1) ^ (POLYNOMIAL & -(shifted & 1));
		}
		return product;
	}

}
