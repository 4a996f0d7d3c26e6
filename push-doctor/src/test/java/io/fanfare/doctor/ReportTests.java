package io.fanfare.doctor;

import java.util.List;
import java.util.Map;

import io.fanfare.doctor.diagnosis.Diagnosis;
import io.fanfare.doctor.diagnosis.Finding;
import io.fanfare.doctor.diagnosis.Measured;
import io.fanfare.doctor.observation.Observations;
import io.fanfare.doctor.observation.StreamEnd;
import io.fanfare.doctor.observation.StreamSeen;
import io.fanfare.doctor.observation.StreamSeen.Hello;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

class ReportTests {

	@Test
	void saysWhatWasSeenWhyItMattersAndWhatMendsIt() {
		Report report = report("node-1", new Finding("buffered", "Events were held back for up to 3 s."),
				new Finding("http-1.1", null));
		assertThat(report.toText()).startsWith("""
				https://push.example/events: 1 problem and 1 note between here and node-1.

				""")
			.contains("PROBLEM buffered: ", "\n  Events were held back for up to 3 s.\n",
					"\n  nginx:\n      proxy_buffering off;\n", "\n  HAProxy:\n", "\n  Caddy:\n", "note http-1.1: ");
		assertThat(report.exitStatus()).isOne();
	}

	@Test
	void noProblemIsSaidInOneLine() {
		assertThat(report("node-1").toText())
			.isEqualTo("https://push.example/events: no problem between here and node-1.\n");
		assertThat(report("node-1").exitStatus()).isZero();
		assertThat(report("node-1", new Finding("http-1.1", null)).exitStatus()).isZero();
	}

	@Test
	void nothingThatAnswersIsAStatusOfItsOwn() {
		assertThat(report(null, new Finding("unreachable", "No answer came.")).exitStatus()).isEqualTo(2);
		// One of two streams
		assertThat(report("node-1", new Finding("unreachable", "No answer came.")).exitStatus()).isOne();
		assertThat(report(null, new Finding("not-fanfare", null)).exitStatus()).isOne();
	}

	@Test
	void aNodeThatStopsIsNotHealthy() {
		Finding drained = new Finding("drained", "The node ended a stream after 8 s.");
		assertThat(report("node-1", drained).exitStatus()).isEqualTo(2);
		assertThat(report("node-1", drained).toText()).contains("note drained: ", "Ask again.");
		assertThat(report("node-1", drained, new Finding("buffered", null)).exitStatus()).isOne();
	}

	@Test
	void jsonHasAllOfIt() {
		JsonNode json = JsonMapper.shared()
			.readTree(report("node-1", new Finding("idle-timeout", "It was cut.")).toJson());
		assertThat(json.path("problems").asInt()).isOne();
		JsonNode finding = json.path("findings").path(0);
		assertThat(finding.path("id").asString()).isEqualTo("idle-timeout");
		assertThat(finding.path("severity").asString()).isEqualTo("problem");
		assertThat(finding.path("detail").asString()).isEqualTo("It was cut.");
		assertThat(finding.path("mend").path("nginx").asString()).contains("proxy_read_timeout 75s;");
		assertThat(json.path("measured").path("skewMs").asInt()).isEqualTo(7);
		assertThat(json.path("observations").path("streams").path("pace").path("end").asString()).isEqualTo("eof");
	}

	@Test
	void whatCameOverTheNetworkDoesNotSteerATerminal() {
		assertThat(report("node\u001b[2J\r", new Finding("not-fanfare", "The answer is 200, \u0007\u009b.")).toText())
			.contains("node?[2J?", "200, ??.")
			.doesNotContain("\u001b", "\u0007", "\u009b", "\r");
	}

	@Test
	void whatCameOverTheNetworkLooksLikeNoLineOfTheReport() {
		String text = report("node\n\nPROBLEM x: y", new Finding("http-1.1", "It said\nPROBLEM\u202e\u2028 \ud800 é."))
			.toText();
		assertThat(text).contains(" between here and node  PROBLEM x: y.\n", "\n  It said PROBLEM?? ? é.\n")
			.doesNotContain("\nPROBLEM");
		assertThat(report("n".repeat(60_000)).toText()).hasSizeLessThan(250);
	}

	private static Report report(String node, Finding... findings) {
		Hello hello = (node != null)
				? new Hello("p1", 1, node, 15_000, 20_000, new Hello.Request("HTTP/1.1", true, "doctor-p1", true))
				: null;
		StreamSeen stream = new StreamSeen("p1", 0, 200, "text/event-stream", "", "h2", "", null, null, 1L, hello,
				List.of(), StreamEnd.EOF, 2, null);
		Observations seen = new Observations("https://push.example/events", "cli", "https://push.example", false,
				new Observations.Sent(true, true, true), Map.of("pace", stream), Map.of(), null);
		return Report.of(seen,
				new Diagnosis(List.of(findings), new Measured("h2", 15_000L, 7L, null, null, null, null)));
	}

}
