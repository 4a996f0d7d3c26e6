package io.fanfare.api.tail;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * A block that a stream was sent.
 *
 * @param connection the connection
 * @param id its id, or null where it has none
 * @param event the name of its event; null where it dispatches none
 * @param data its data; null where it has none
 * @param retryMs what it says of the time to reconnect, or null for nothing
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record TailedBlock(String connection, @Nullable String id, @Nullable String event, @Nullable String data,
		@Nullable Long retryMs) {

	private static final String END = "\n\n";

	private static final String DEFAULT_EVENT = "message";

	/**
	 * Reads blocks as nodes write them: each line has a field, a colon, a space and a
	 * value.
	 * @param connection the connection
	 * @param bytes the blocks
	 * @return them, in order
	 */
	static List<TailedBlock> read(String connection, byte[] bytes) {
		String text = new String(bytes, StandardCharsets.UTF_8);
		List<TailedBlock> blocks = new ArrayList<>();
		int from = 0;
		int end;
		while ((end = text.indexOf(END, from)) >= 0) {
			blocks.add(readOne(connection, text.substring(from, end)));
			from = end + END.length();
		}
		return blocks;
	}

	private static TailedBlock readOne(String connection, String block) {
		String id = null;
		String event = null;
		StringBuilder data = null;
		Long retryMs = null;
		for (String line : block.split("\n", -1)) {
			int colon = line.indexOf(": ");
			String value = (colon < 0) ? "" : line.substring(colon + 2);
			switch ((colon < 0) ? line : line.substring(0, colon)) {
				case "id" -> id = value;
				case "event" -> event = value;
				case "data" -> data = (data != null) ? data.append('\n').append(value) : new StringBuilder(value);
				case "retry" -> retryMs = Long.valueOf(value);
				default -> {
				}
			}
		}
		if (data == null) {
			return new TailedBlock(connection, id, null, null, retryMs);
		}
		return new TailedBlock(connection, id, (event != null) ? event : DEFAULT_EVENT, data.toString(), retryMs);
	}

}
