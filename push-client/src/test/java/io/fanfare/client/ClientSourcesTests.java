package io.fanfare.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.CloseReason.Advice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** What holds of the client's sources, without running them. */
class ClientSourcesTests {

	private static final Path SOURCES = Path.of("src");

	/** The names of the types of reasons, by what the client should do. */
	private static final Map<Advice, String> TYPES = Map.of(Advice.STOP, "Stop", Advice.COME_BACK, "ComeBack",
			Advice.COME_BACK_AFTER, "ComeBackAfter");

	@ParameterizedTest
	@CsvSource({ "fanfare.js, 12", "fanfare-doctor.js, 8", "fanfare-doctor-findings.js, 4" })
	void eachModuleIsSmall(String module, int kibibytes) throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (GZIPOutputStream gzip = new GZIPOutputStream(bytes) {
			{
				this.def.setLevel(Deflater.BEST_COMPRESSION);
			}
		}) {
			gzip.write(Files.readAllBytes(SOURCES.resolve(module)));
		}
		assertThat(bytes.size()).isLessThan(kibibytes * 1024);
	}

	@Test
	void theModuleLoadsNothingElse() throws IOException {
		assertThat(Files.readString(SOURCES.resolve("fanfare.js"))).doesNotContainPattern("(?m)^import ")
			.doesNotContainPattern("[^/]\\bimport\\('\\.(?!/types\\.js)");
	}

	@Test
	void theClientHasEachCloseReasonAndWhatToDo() throws IOException {
		String types = Files.readString(SOURCES.resolve("types.js"));
		Map<Advice, Set<String>> expected = new TreeMap<>();
		for (CloseReason reason : CloseReason.values()) {
			expected.computeIfAbsent(reason.advice(), (advice) -> new TreeSet<>()).add(reason.wireName());
		}
		// An error of the node may also refuse a stream.
		expected.get(Advice.COME_BACK_AFTER).add(CloseReason.ERROR.wireName());
		Map<Advice, Set<String>> found = Arrays.stream(Advice.values())
			.collect(Collectors.toMap((advice) -> advice, (advice) -> reasons(types, advice)));
		assertThat(found).isEqualTo(expected);
	}

	private static Set<String> reasons(String types, Advice advice) {
		String type = Pattern.compile("@typedef \\{([^}]*)} " + TYPES.get(advice) + " of `" + advice.event() + "`")
			.matcher(types)
			.results()
			.map((match) -> match.group(1))
			.findFirst()
			.orElseThrow(() -> new AssertionError("No type for " + advice));
		return Pattern.compile("'([a-z-]+)'")
			.matcher(type)
			.results()
			.map((MatchResult match) -> match.group(1))
			.collect(Collectors.toCollection(TreeSet::new));
	}

}
