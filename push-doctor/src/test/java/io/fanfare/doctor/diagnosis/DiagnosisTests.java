package io.fanfare.doctor.diagnosis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

import io.fanfare.doctor.observation.Observations;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import static org.assertj.core.api.Assertions.assertThat;

/** The cases of the browser's doctor, and those of what only this one asks. */
class DiagnosisTests {

	private static final JsonMapper json = JsonMapper.builder()
		.disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
		.build();

	private static final JsonNode FILE = read();

	/** One of the file. */
	record Case(String name, JsonNode patch, List<String> expected, JsonNode measured) {

		@Override
		public String toString() {
			return this.name;
		}

	}

	/** A browser does not see everything, and asks more because of that. */
	static Stream<Case> cases() {
		return FILE.path("cases")
			.valueStream()
			.filter((one) -> !one.path("patch").path("client").asString("cli").equals("browser"))
			.map((one) -> new Case(one.path("name").asString(), one.path("patch"),
					one.path("expected").valueStream().map(JsonNode::asString).toList(), one.path("measured")));
	}

	@ParameterizedTest
	@MethodSource("cases")
	void meansWhatTheBrowsersDoctorSays(Case one) {
		Diagnosis diagnosis = Diagnosis.of(observations(one.patch()));
		assertThat(diagnosis.findings()).extracting(Finding::id).containsExactlyInAnyOrderElementsOf(one.expected());
		JsonNode measured = json.valueToTree(diagnosis.measured());
		one.measured()
			.properties()
			.forEach((entry) -> assertThat(measured.path(entry.getKey()).asString()).as(entry.getKey())
				.isEqualTo(entry.getValue().asString()));
	}

	@Test
	void thereIsACaseForEachFinding() {
		Set<String> expected = new TreeSet<>();
		cases().forEach((one) -> expected.addAll(one.expected()));
		expected.add("cached");
		assertThat(expected).containsAll(Catalogue.entries().keySet());
	}

	@Test
	void aStreamThatIsTheSameWhenItIsAskedForAgainIsCached() {
		ObjectNode seen = observed(json.createObjectNode());
		ObjectNode streams = (ObjectNode) seen.path("streams");
		streams.set("again", streams.path("pace").deepCopy());
		assertThat(Diagnosis.of(json.treeToValue(seen, Observations.class)).findings()).extracting(Finding::id)
			.containsExactly("cached");

		((ObjectNode) streams.path("again").path("hello")).put("at", 1_800_000_025_000L);
		assertThat(Diagnosis.of(json.treeToValue(seen, Observations.class)).findings()).isEmpty();
	}

	@Test
	void aLargeBlockThatComesWithTheNextOneWasHeldBack() {
		ObjectNode seen = observed(json.createObjectNode());
		ArrayNode blocks = (ArrayNode) seen.path("streams").path("pace").path("blocks");
		ObjectNode last = (ObjectNode) blocks.get(blocks.size() - 2);
		// A thin line
		last.put("arrived", last.path("at").asLong() + 9_000);
		assertThat(Diagnosis.of(json.treeToValue(seen, Observations.class)).findings()).isEmpty();

		last.put("arrived", last.path("at").asLong() + 20_018);
		assertThat(Diagnosis.of(json.treeToValue(seen, Observations.class)).findings())
			.containsExactly(new Finding("buffered", "Events were held back for up to 20 s, until the stream ended."));
	}

	@Test
	void findingsAreInTheOrderOfTheCatalogueAndSayWhatWasSeen() {
		JsonNode patch = json.readTree("""
				{"streams": {"steady": {"hello": {"request": {"cookie": false}}, "contentEncoding": "gzip"},
				"pace": {"end": "eof", "blocks": "pace-before-its-silence", "ended": 1800000009640}}}""");
		Diagnosis diagnosis = Diagnosis.of(observations(patch));
		assertThat(diagnosis.findings()).containsExactly(new Finding("compressed", "Content-Encoding is gzip."),
				new Finding("idle-timeout", "It was cut after 5 s of silence; the node sends a heartbeat each 15 s."),
				new Finding("cookie-lost", null));
		assertThat(diagnosis.hasProblems()).isTrue();
	}

	@Test
	void aNoteIsNoProblem() {
		JsonNode patch = json.readTree("""
				{"streams": {"pace": {"protocol": "http/1.1"}}}""");
		Diagnosis diagnosis = Diagnosis.of(observations(patch));
		assertThat(diagnosis.findings()).containsExactly(new Finding("http-1.1", null));
		assertThat(diagnosis.hasProblems()).isFalse();
	}

	@Test
	void aServerThatSaysMuchIsCutShort() {
		String much = "x".repeat(60_000);
		for (String patch : List.of("""
				{"streams": {"pace": {"contentEncoding": "%s", "hello": {"request": {"lastEventId": "%s"}}},
				"steady": {"allowOrigin": "%s"}}}""".formatted(much, much, much), """
				{"streams": {"pace": {"hello": null, "status": 404, "contentType": "%s", "problem": "%s"}},
				"probes": {"401": {"status": 200, "contentType": "%s"}}}""".formatted(much, much, much))) {
			Diagnosis diagnosis = Diagnosis.of(observations(json.readTree(patch)));
			assertThat(diagnosis.findings()).hasSizeGreaterThan(1)
				.allSatisfy((finding) -> assertThat(finding.detail()).hasSizeBetween(100, 260));
		}
	}

	@Test
	void timesAreReadByPeople() {
		assertThat(List.of(0L, 49L, 50L, 999L, 5_000L, 5_021L, 24_960L)).extracting(Diagnosis::seconds)
			.containsExactly("0 s", "0 s", "0.1 s", "1 s", "5 s", "5 s", "25 s");
	}

	private static Observations observations(JsonNode patch) {
		return json.treeToValue(observed(patch), Observations.class);
	}

	private static ObjectNode observed(JsonNode patch) {
		ObjectNode seen = (ObjectNode) merge(FILE.path("healthy"), patch);
		for (JsonNode stream : seen.path("streams")) {
			JsonNode blocks = stream.path("blocks");
			if (blocks.isString()) {
				((ObjectNode) stream).set("blocks", FILE.path("blocks").required(blocks.asString()).deepCopy());
			}
		}
		return seen;
	}

	/** JSON Merge Patch (RFC 7396). */
	private static JsonNode merge(JsonNode target, JsonNode patch) {
		if (!patch.isObject()) {
			return patch;
		}
		ObjectNode merged = target.isObject() ? (ObjectNode) target.deepCopy() : json.createObjectNode();
		for (Map.Entry<String, JsonNode> member : patch.properties()) {
			if (member.getValue().isNull()) {
				merged.remove(member.getKey());
			}
			else {
				merged.set(member.getKey(), merge(merged.path(member.getKey()), member.getValue()));
			}
		}
		return merged;
	}

	private static JsonNode read() {
		try {
			return json.readTree(Files.readString(Path.of("..", "push-client", "test", "doctor-cases.json")));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
