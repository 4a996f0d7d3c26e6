package io.fanfare.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.fanfare.test.api.TokenMint;

/**
 * Requests of hostile clients, as files under {@code src/test/resources/hostile} hold
 * them, a line per request:
 *
 * <pre>port status[,status...][~text] request</pre>
 *
 * The statuses are those of all answers on the connection, {@code -} stands for a
 * connection that is closed without any; the text must stand in the answers. In the
 * request {@code \n} is CRLF, {@code \r} CR, {@code \l} LF, {@code \t} a tab, {@code \s}
 * a space, {@code \xHH} a byte and {@code \\} a backslash; and
 * <ul>
 * <li>{@code <<token>>} a good stream token, {@code <<key>>} a good API key,</li>
 * <li>{@code <<jwt header|claims>>} a token of any header and claims, signed as a good
 * one, and {@code <<in seconds>>} a time for its claims,</li>
 * <li>{@code <<number*text>>} the text so many times,</li>
 * <li>{@code <<length>>} how many bytes follow the head.</li>
 * </ul>
 */
final class HostileTable {

	private static final Pattern INNERMOST = Pattern.compile("<<((?:(?!<<|>>).)*+)>>");

	private static final Pattern TIMES = Pattern.compile("([0-9]{1,7})\\*(.*)", Pattern.DOTALL);

	private static final String LENGTH = "<<length>>";

	private static final String LENGTH_MARK = "\u0001LENGTH\u0001";

	private final TokenMint mint;

	private final String token;

	private final String key;

	HostileTable(TokenMint mint, String token, String key) {
		this.mint = mint;
		this.token = token;
		this.key = key;
	}

	/** A port of the cluster. */
	enum Port {

		NODE, NODE_CONTROL, API, API_CONTROL, NGINX;

		private static Port of(String name) {
			return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
		}

	}

	/**
	 * A request.
	 *
	 * @param where the file and line that has it
	 * @param port the port it goes to
	 * @param statuses those of all answers
	 * @param text what must stand in the answers, or ""
	 * @param request makes its bytes, with times of now
	 */
	record Row(String where, Port port, List<Integer> statuses, String text, Supplier<byte[]> request) {

		@Override
		public String toString() {
			return this.where;
		}

	}

	/** Reads all files. */
	List<Row> rows() {
		Path directory = Path.of("src/test/resources/hostile");
		List<Row> rows = new ArrayList<>();
		try (Stream<Path> files = Files.list(directory)) {
			for (Path file : files.sorted().toList()) {
				List<String> lines = Files.readAllLines(file);
				for (int i = 0; i < lines.size(); i++) {
					if (!lines.get(i).isBlank() && !lines.get(i).startsWith("#")) {
						rows.add(row(file.getFileName() + ":" + (i + 1), lines.get(i)));
					}
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return rows;
	}

	private Row row(String where, String line) {
		String[] parts = line.split(" ", 3);
		String[] expected = parts[1].split("~", 2);
		List<Integer> statuses = expected[0].equals("-") ? List.of()
				: Stream.of(expected[0].split(",")).map(Integer::valueOf).toList();
		return new Row(where, Port.of(parts[0]), statuses, (expected.length > 1) ? expected[1] : "",
				() -> request(parts[2]));
	}

	private byte[] request(String template) {
		String text = unescape(template).replace(LENGTH, LENGTH_MARK);
		Matcher innermost = INNERMOST.matcher(text);
		while (innermost.find()) {
			text = text.substring(0, innermost.start()) + value(innermost.group(1)) + text.substring(innermost.end());
			innermost.reset(text);
		}
		int body = text.indexOf("\r\n\r\n") + 4;
		return text.replace(LENGTH_MARK, Integer.toString(text.length() - body)).getBytes(StandardCharsets.ISO_8859_1);
	}

	private String value(String name) {
		Matcher times = TIMES.matcher(name);
		if (times.matches()) {
			return times.group(2).repeat(Integer.parseInt(times.group(1)));
		}
		if (name.startsWith("in ")) {
			return Long.toString(Instant.now().getEpochSecond() + Long.parseLong(name.substring(3)));
		}
		if (name.startsWith("jwt ")) {
			String[] parts = name.substring(4).split("\\|", 2);
			return this.mint.sign(parts[0], parts[1]);
		}
		return switch (name) {
			case "token" -> this.token;
			case "key" -> this.key;
			default -> throw new IllegalArgumentException("<<" + name + ">>");
		};
	}

	/** One character per byte. */
	private static String unescape(String template) {
		String bytes = new String(template.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
		StringBuilder text = new StringBuilder();
		int at = 0;
		while (at < bytes.length()) {
			char c = bytes.charAt(at++);
			char escaped = (c == '\\') ? bytes.charAt(at++) : 0;
			switch (escaped) {
				case 0 -> text.append(c);
				case 'n' -> text.append("\r\n");
				case 'r' -> text.append('\r');
				case 'l' -> text.append('\n');
				case 't' -> text.append('\t');
				case 's' -> text.append(' ');
				case '\\' -> text.append('\\');
				case 'x' -> {
					text.append((char) Integer.parseInt(bytes.substring(at, at + 2), 16));
					at += 2;
				}
				default -> throw new IllegalArgumentException("\\" + escaped + " in " + template);
			}
		}
		return text.toString();
	}

}
