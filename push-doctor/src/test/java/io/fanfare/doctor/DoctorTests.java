package io.fanfare.doctor;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import io.fanfare.doctor.observation.Observations;
import io.fanfare.doctor.observation.StreamEnd;
import io.fanfare.doctor.observation.StreamSeen;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What the program ends with. */
class DoctorTests {

	private final ByteArrayOutputStream out = new ByteArrayOutputStream();

	private final ByteArrayOutputStream err = new ByteArrayOutputStream();

	@Test
	void aFailureOfTheDoctorIsNoProblemOfTheWay() throws InterruptedException {
		int status = run((target) -> {
			throw new IllegalStateException("it\nbroke\u001b[2J");
		});
		assertThat(status).isEqualTo(2);
		assertThat(this.out.toString(StandardCharsets.UTF_8)).isEmpty();
		assertThat(this.err.toString(StandardCharsets.UTF_8).lines()).hasSize(2)
			.last()
			.asString()
			.contains("The doctor failed", "it broke?[2J");
	}

	@Test
	void whatIsFoundIsPrinted() throws InterruptedException {
		StreamSeen html = new StreamSeen("p1", 0, 200, "text/html", "", "h2", "", null, null, 1L, null, List.of(),
				StreamEnd.EOF, 2, null);
		assertThat(run((target) -> new Observations(target.url().toString(), "cli", null, false,
				new Observations.Sent(true, true, true), Map.of("pace", html), Map.of(), null)))
			.isOne();
		assertThat(this.out.toString(StandardCharsets.UTF_8)).contains("PROBLEM not-fanfare: ");
	}

	private int run(Doctor.Asking asking) throws InterruptedException {
		return Doctor.run(List.of("https://push.example/events"), asking,
				new PrintStream(this.out, true, StandardCharsets.UTF_8),
				new PrintStream(this.err, true, StandardCharsets.UTF_8));
	}

}
