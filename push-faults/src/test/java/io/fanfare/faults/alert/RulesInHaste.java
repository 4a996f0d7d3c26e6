package io.fanfare.faults.alert;

import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The shipped rules for a live run. Two things are replaced and nothing else, above all
 * no threshold:
 * <ul>
 * <li>{@code for:} and {@code keep_firing_for:} are {@code 0s}. {@code promtool} tests
 * the real ones ({@code ops/prometheus/rules.test.yml}).</li>
 * <li>A minute of a range or an offset is {@value #SECONDS} s: what looks five minutes
 * back is over five minutes after its fault at the earliest. Such a range has as many
 * samples as it needs, for this Prometheus scrapes every second and not every 15 s.
 * Ranges in seconds stay.</li>
 * </ul>
 * Without {@code for:} an alert fires on what passes, too. What follows from a fault in
 * that way stands beside the fault, in {@link AlertFaults}.
 */
final class RulesInHaste {

	/** Of a minute. */
	static final int SECONDS = 2;

	private static final Pattern ALERT = Pattern.compile("(?m)^ +- alert: ");

	private static final Pattern FOR = Pattern.compile("(?m)^( +for:) \\S+$");

	private static final Pattern KEEP = Pattern.compile("(?m)^( +keep_firing_for:) \\S+$");

	private static final Pattern MINUTES = Pattern.compile("(\\[|offset )(\\d{1,3})m\\b");

	private RulesInHaste() {
	}

	static ShippedFile of(ShippedFile rules) {
		String text = rules.text();
		long alerts = ALERT.matcher(text).results().count();
		long times = FOR.matcher(text).results().count();
		if (alerts == 0 || alerts != times) {
			throw new IllegalArgumentException("Of " + alerts + " alerts " + times + " have a time");
		}
		String hasty = KEEP.matcher(FOR.matcher(text).replaceAll("$1 0s")).replaceAll("$1 0s");
		return new ShippedFile(MINUTES.matcher(hasty).replaceAll(RulesInHaste::seconds));
	}

	private static String seconds(MatchResult minutes) {
		return Matcher.quoteReplacement(minutes.group(1)) + SECONDS * Integer.parseInt(minutes.group(2)) + "s";
	}

}
