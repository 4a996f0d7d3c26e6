package io.fanfare.local;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import javax.imageio.ImageIO;

/**
 * Makes a picture of a page small: its most frequent colours stay, colourful ones before
 * grey ones, and each other one becomes the nearest of them.
 */
final class IndexedImage {

	private static final int MAX_COLORS = 128;

	private static final int MIN_COLORS = 16;

	private static final int MAX_BYTES = 60_000;

	private IndexedImage() {
	}

	/** The same picture with as many colours as there is room for. */
	static byte[] reduce(byte[] png) throws IOException {
		BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
		int colors = MAX_COLORS;
		byte[] reduced = reduce(image, colors);
		while (reduced.length > MAX_BYTES && colors > MIN_COLORS) {
			colors /= 2;
			reduced = reduce(image, colors);
		}
		return reduced;
	}

	private static byte[] reduce(BufferedImage image, int count) throws IOException {
		int width = image.getWidth();
		int height = image.getHeight();
		int[] pixels = image.getRGB(0, 0, width, height, null, 0, width);
		Map<Integer, Integer> counts = new HashMap<>();
		for (int pixel : pixels) {
			counts.merge(pixel | 0xFF000000, 1 + colourfulness(pixel) / 8, Integer::sum);
		}
		List<Integer> palette = counts.entrySet()
			.stream()
			.sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
			.limit(count)
			.map(Map.Entry::getKey)
			.toList();
		int[] colors = palette.stream().mapToInt(Integer::intValue).toArray();
		IndexColorModel model = new IndexColorModel(8, colors.length, colors, 0, false, -1, DataBuffer.TYPE_BYTE);
		BufferedImage indexed = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_INDEXED, model);
		Map<Integer, Integer> nearest = new HashMap<>();
		for (int i = 0; i < pixels.length; i++) {
			int index = nearest.computeIfAbsent(pixels[i], (color) -> nearest(color, colors));
			indexed.getRaster().setSample(i % width, i / width, 0, index);
		}
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		ImageIO.write(indexed, "png", out);
		return out.toByteArray();
	}

	private static int colourfulness(int color) {
		int red = color >> 16 & 0xFF;
		int green = color >> 8 & 0xFF;
		int blue = color & 0xFF;
		return Math.max(red, Math.max(green, blue)) - Math.min(red, Math.min(green, blue));
	}

	private static int nearest(int color, int[] colors) {
		int best = 0;
		int least = Integer.MAX_VALUE;
		for (int i = 0; i < colors.length; i++) {
			int distance = square(color >> 16, colors[i] >> 16) + square(color >> 8, colors[i] >> 8)
					+ square(color, colors[i]);
			if (distance < least) {
				least = distance;
				best = i;
			}
		}
		return best;
	}

	private static int square(int one, int other) {
		int difference = (one & 0xFF) - (other & 0xFF);
		return difference * difference;
	}

}
