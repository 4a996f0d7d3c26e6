package io.fanfare.doctor;

import java.util.List;
import java.util.Objects;

import io.fanfare.doctor.diagnosis.Catalogue;
import io.fanfare.doctor.diagnosis.Catalogue.Severity;
import io.fanfare.doctor.diagnosis.Diagnosis;
import io.fanfare.doctor.diagnosis.Finding;
import io.fanfare.doctor.diagnosis.Measured;
import io.fanfare.doctor.observation.Observations;
import io.fanfare.doctor.observation.StreamSeen;
import io.fanfare.doctor.observation.StreamSeen.Hello;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the command line prints.
 *
 * @param url the address that was asked
 * @param origin the origin of the page in whose place was asked
 * @param node the name of the node that answered, or null
 * @param problems how many findings are more than notes
 * @param findings what was found
 * @param measured the figures that it rests on
 * @param observations all that was seen
 */
record Report(String url, @Nullable String origin, @Nullable String node, int problems, List<Entry> findings,
		Measured measured, Observations observations) {

	private static final int WIDTH = 100;

	private static final JsonMapper json = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

	/**
	 * One finding, with what the catalogue says.
	 *
	 * @param id its id
	 * @param severity how much it matters
	 * @param title what it is
	 * @param detail what was seen of it, or null
	 * @param why why it matters
	 * @param mend the configuration that mends it
	 */
	record Entry(String id, Severity severity, String title, @Nullable String detail, String why, Mend mend) {

		private static Entry of(Finding finding) {
			Catalogue.Entry known = finding.entry();
			return new Entry(finding.id(), known.severity(), known.title(), finding.detail(), known.why(),
					new Mend(known.nginx(), known.haproxy(), known.caddy()));
		}

	}

	/**
	 * Lines of configuration.
	 *
	 * @param nginx those of nginx, or null
	 * @param haproxy those of HAProxy, or null
	 * @param caddy those of Caddy, or null
	 */
	record Mend(@Nullable String nginx, @Nullable String haproxy, @Nullable String caddy) {

	}

	/** What there is to say of a run. */
	static Report of(Observations seen, Diagnosis diagnosis) {
		String node = seen.streams()
			.values()
			.stream()
			.map(StreamSeen::hello)
			.filter(Objects::nonNull)
			.map(Hello::node)
			.filter(Objects::nonNull)
			.findFirst()
			.map(Report::name)
			.orElse(null);
		List<Entry> findings = diagnosis.findings().stream().map(Entry::of).toList();
		int problems = (int) findings.stream().filter((entry) -> entry.severity() == Severity.PROBLEM).count();
		return new Report(seen.url(), seen.origin(), node, problems, findings, diagnosis.measured(), seen);
	}

	/** 0 without problems, 1 with some, 2 where not everything could be asked. */
	int exitStatus() {
		if (has("unreachable") && this.node == null) {
			return 2;
		}
		return (this.problems > 0) ? 1 : has(Diagnosis.DRAINED) ? 2 : 0;
	}

	private boolean has(String id) {
		return this.findings.stream().anyMatch((entry) -> entry.id().equals(id));
	}

	String toJson() {
		return json.writeValueAsString(this);
	}

	String toText() {
		StringBuilder text = new StringBuilder().append(this.url).append(": ").append(count());
		if (this.node != null) {
			text.append(" between here and ").append(line(this.node));
		}
		text.append(".\n");
		this.findings.forEach((entry) -> append(entry, text));
		return printable(text.toString());
	}

	/** Nodes have shorter ones. */
	private static String name(String node) {
		return node.substring(0, Math.min(WIDTH, node.length()));
	}

	private String count() {
		int notes = this.findings.size() - this.problems;
		String problems = switch (this.problems) {
			case 0 -> "no problem";
			case 1 -> "1 problem";
			default -> this.problems + " problems";
		};
		return problems + switch (notes) {
			case 0 -> "";
			case 1 -> " and 1 note";
			default -> " and " + notes + " notes";
		};
	}

	private static void append(Entry entry, StringBuilder text) {
		text.append('\n')
			.append((entry.severity() == Severity.PROBLEM) ? "PROBLEM " : "note ")
			.append(entry.id())
			.append(": ")
			.append(entry.title())
			.append('\n');
		if (entry.detail() != null) {
			appendWrapped(line(entry.detail()), text);
		}
		appendWrapped(entry.why(), text);
		append("nginx", entry.mend().nginx(), text);
		append("HAProxy", entry.mend().haproxy(), text);
		append("Caddy", entry.mend().caddy(), text);
	}

	private static void appendWrapped(String sentences, StringBuilder text) {
		int column = 0;
		for (String word : sentences.split(" ")) {
			if (column == 0 || column + 1 + word.length() > WIDTH) {
				text.append((column == 0) ? "  " : "\n  ");
				column = 2;
			}
			else {
				text.append(' ');
				column++;
			}
			text.append(word);
			column += word.length();
		}
		text.append('\n');
	}

	private static void append(String proxy, @Nullable String lines, StringBuilder text) {
		if (lines != null) {
			text.append("  ").append(proxy).append(":\n");
			lines.lines().forEach((line) -> text.append("      ").append(line).append('\n'));
		}
	}

	/** What came over the network must not steer a terminal. */
	private static String printable(String text) {
		StringBuilder printable = new StringBuilder(text.length());
		text.codePoints().forEach((c) -> printable.appendCodePoint((c != '\n' && isUnseen(c)) ? '?' : c));
		return printable.toString();
	}

	/** That, on one line. */
	static String line(String text) {
		return printable(text.replace('\n', ' '));
	}

	/** Such as what turns the direction of writing. */
	private static boolean isUnseen(int character) {
		return switch (Character.getType(character)) {
			case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE,
					Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
				true;
			default -> false;
		};
	}

}
