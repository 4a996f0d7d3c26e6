package io.fanfare.doctor;

import java.io.PrintStream;
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
		System.exit(run(List.of(args), Prober::ask, System.out, System.err));
	}

	/** Asks a node. */
	interface Asking {

		Observations ask(Target target) throws InterruptedException;

	}

	/** 1 says that problems were found, so nothing else may end with it. */
	static int run(List<String> arguments, Asking asking, PrintStream out, PrintStream err)
			throws InterruptedException {
		try {
			return examine(arguments, asking, out, err);
		}
		catch (RuntimeException ex) {
			err.println(Report.line("The doctor failed, and found nothing out: " + ex));
			return COULD_NOT_ASK;
		}
	}

	private static int examine(List<String> arguments, Asking asking, PrintStream out, PrintStream err)
			throws InterruptedException {
		Options options;
		try {
			options = Options.parse(arguments);
		}
		catch (IllegalArgumentException ex) {
			err.println(ex.getMessage());
			err.println();
			err.print(Options.USAGE);
			return COULD_NOT_ASK;
		}
		err.println("Asking " + options.url() + ", which takes half a minute");
		Observations seen = asking.ask(new Target(options.url(), options.origin()));
		Report report = Report.of(seen, Diagnosis.of(seen));
		out.print(options.json() ? report.toJson() + "\n" : report.toText());
		return report.exitStatus();
	}

}
