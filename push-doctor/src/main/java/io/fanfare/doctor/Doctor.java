package io.fanfare.doctor;

import java.util.List;

import io.fanfare.doctor.diagnosis.Diagnosis;
import io.fanfare.doctor.observation.Observations;
import io.fanfare.doctor.probe.Prober;
import io.fanfare.doctor.probe.Target;

/** The command line. */
public final class Doctor {

	private static final int COULD_NOT_ASK = 2;

	private Doctor() {
	}

	public static void main(String[] args) throws InterruptedException {
		System.exit(run(List.of(args)));
	}

	private static int run(List<String> arguments) throws InterruptedException {
		Options options;
		try {
			options = Options.parse(arguments);
		}
		catch (IllegalArgumentException ex) {
			System.err.println(ex.getMessage());
			System.err.println();
			System.err.print(Options.USAGE);
			return COULD_NOT_ASK;
		}
		System.err.println("Asking " + options.url() + ", which takes half a minute");
		Observations seen = Prober.ask(new Target(options.url(), options.origin()));
		Report report = Report.of(seen, Diagnosis.of(seen));
		System.out.print(options.json() ? report.toJson() + "\n" : report.toText());
		return report.exitStatus();
	}

}
