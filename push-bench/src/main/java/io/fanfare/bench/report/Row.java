package io.fanfare.bench.report;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One point that was measured.
 *
 * @param measure which measure it belongs to
 * @param system the system
 * @param streams how many streams it held
 * @param point what was varied
 * @param values figures by name; the name ends with its unit
 * @param note what a reader must know, or empty
 * @param run the session that measured it, empty until it is written down
 */
public record Row(String measure, String system, int streams, String point, Map<String, Double> values, String note,
		String run) {

	/** The point of a measure that failed altogether. */
	public static final String FAILED = "-";

	/** Puts a row together. */
	public static final class Builder {

		private final Map<String, Double> values = new LinkedHashMap<>();

		private final StringBuilder note = new StringBuilder();

		/**
		 * Adds a figure.
		 * @param name its name
		 * @param value its value; what is no number is left out
		 * @return this
		 */
		public Builder put(String name, double value) {
			if (Double.isFinite(value)) {
				this.values.put(name, Math.round(value * 1000) / 1000.0);
			}
			return this;
		}

		/**
		 * Adds a remark.
		 * @param text the remark
		 * @return this
		 */
		public Builder note(String text) {
			if (!text.isEmpty()) {
				this.note.append(this.note.isEmpty() ? "" : "; ").append(text.lines().findFirst().orElse(""));
			}
			return this;
		}

		/**
		 * Makes the row.
		 * @param measure which measure it belongs to
		 * @param system the system
		 * @param streams how many streams it held
		 * @param point what was varied
		 * @return the row
		 */
		public Row row(String measure, String system, int streams, String point) {
			return new Row(measure, system, streams, point, this.values, this.note.toString(), "");
		}

	}

	Row in(String session) {
		return new Row(this.measure, this.system, this.streams, this.point, this.values, this.note, session);
	}

	boolean isSamePoint(Row other) {
		return this.measure.equals(other.measure) && this.system.equals(other.system) && this.streams == other.streams
				&& this.point.equals(other.point);
	}

	/** Whether a later row makes this one worthless. */
	boolean isReplacedBy(Row later) {
		return isSamePoint(later)
				|| this.point.equals(FAILED) && this.measure.equals(later.measure) && this.system.equals(later.system);
	}

	double value(String name) {
		return this.values.getOrDefault(name, Double.NaN);
	}

}
