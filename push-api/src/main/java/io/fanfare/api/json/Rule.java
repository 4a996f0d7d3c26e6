package io.fanfare.api.json;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

import io.fanfare.protocol.NameRule;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.POJONode;
import tools.jackson.databind.util.RawValue;

/**
 * What a value of a request must be. {@link Fields} reads and checks requests by it, and
 * the OpenAPI document is made from it, so each limit stands in one place.
 */
public sealed interface Rule {

	/** What the document says of it in words. */
	Description about();

	/**
	 * A value without parts.
	 *
	 * @param <T> what it is read as
	 */
	sealed interface Value<T> extends Rule {

		/** What is said of any other value where a string must stand. */
		String NO_STRING = "must be a string";

		/**
		 * Reads the value.
		 * @param value what stands in the request, not JSON null
		 * @return the value, or null if it does not meet the rule
		 */
		@Nullable T read(JsonNode value);

		/**
		 * Says what is wrong with a value that {@link #read} did not take.
		 * @param value the value
		 * @return what it must be
		 */
		String refusal(JsonNode value);

		/** Whether it is written as a string. */
		default boolean isText() {
			return true;
		}

	}

	/**
	 * A string.
	 *
	 * @param about in words
	 * @param name what it may look like, or null for any but the empty one
	 * @param rule what it must be, for people
	 */
	record Text(Description about, @Nullable NameRule name, String rule) implements Value<String> {

		@Override
		public @Nullable String read(JsonNode value) {
			if (!value.isString()) {
				return null;
			}
			String text = value.stringValue();
			boolean meets = (this.name != null) ? this.name.matches(text) : !text.isEmpty();
			return meets ? text : null;
		}

		@Override
		public String refusal(JsonNode value) {
			return value.isString() ? this.rule : NO_STRING;
		}

	}

	/**
	 * A string for which a check is written by hand, beside its regular expression.
	 *
	 * @param about in words
	 * @param check what it must be
	 * @param pattern the same as a regular expression
	 * @param minLength how short it may be
	 * @param maxLength how long it may be, or {@link Integer#MAX_VALUE}
	 * @param rule what it must be, for people
	 */
	record Pattern(Description about, Predicate<String> check, String pattern, int minLength, int maxLength,
			String rule) implements Value<String> {

		@Override
		public @Nullable String read(JsonNode value) {
			return (value.isString() && this.check.test(value.stringValue())) ? value.stringValue() : null;
		}

		@Override
		public String refusal(JsonNode value) {
			return value.isString() ? this.rule : NO_STRING;
		}

	}

	/**
	 * One of some strings.
	 *
	 * @param about in words
	 * @param names the strings
	 * @param rule what it must be, for people
	 */
	record Choice(Description about, List<String> names, String rule) implements Value<String> {

		@Override
		public @Nullable String read(JsonNode value) {
			return (value.isString() && this.names.contains(value.stringValue())) ? value.stringValue() : null;
		}

		@Override
		public String refusal(JsonNode value) {
			return value.isString() ? this.rule : NO_STRING;
		}

	}

	/**
	 * True or false.
	 *
	 * @param about in words
	 */
	record Truth(Description about) implements Value<Boolean> {

		@Override
		public @Nullable Boolean read(JsonNode value) {
			return value.isBoolean() ? (Boolean) value.booleanValue() : null;
		}

		@Override
		public String refusal(JsonNode value) {
			return "must be true or false";
		}

		@Override
		public boolean isText() {
			return false;
		}

	}

	/**
	 * A whole number.
	 *
	 * @param about in words
	 * @param min the least it may be
	 * @param max the most it may be
	 */
	record Whole(Description about, int min, int max) implements Value<Integer> {

		/** Fits into an int. */
		private static final java.util.regex.Pattern DIGITS = java.util.regex.Pattern.compile("-?[0-9]{1,9}");

		@Override
		public @Nullable Integer read(JsonNode value) {
			// Numbers are kept as they were written.
			String text = (value instanceof POJONode node && node.getPojo() instanceof RawValue raw)
					? String.valueOf(raw.rawValue()) : "";
			Integer number = DIGITS.matcher(text).matches() ? Integer.valueOf(text) : null;
			return (number != null && number >= this.min && number <= this.max) ? number : null;
		}

		@Override
		public String refusal(JsonNode value) {
			return "must be a whole number from " + this.min + " to " + this.max;
		}

		@Override
		public boolean isText() {
			return false;
		}

	}

	/**
	 * A time span, ISO-8601.
	 *
	 * @param about in words
	 * @param min the shortest it may be
	 * @param max the longest it may be
	 */
	record Span(Description about, Duration min, Duration max) implements Value<Duration> {

		@Override
		public @Nullable Duration read(JsonNode value) {
			Duration span = value.isString() ? parse(value.stringValue()) : null;
			return (span != null && span.compareTo(this.min) >= 0 && span.compareTo(this.max) <= 0) ? span : null;
		}

		private static @Nullable Duration parse(String text) {
			try {
				return Duration.parse(text);
			}
			catch (DateTimeParseException ex) {
				return null;
			}
		}

		@Override
		public String refusal(JsonNode value) {
			if (!value.isString()) {
				return NO_STRING;
			}
			return (parse(value.stringValue()) != null) ? "must be from " + this.min + " to " + this.max
					: "must be an ISO-8601 duration such as PT1H";
		}

	}

	/**
	 * A point in time: ISO-8601, or whole milliseconds since the epoch.
	 *
	 * @param about in words
	 */
	record Moment(Description about) implements Value<Instant> {

		private static final Instant LATEST = Instant.ofEpochMilli(99_999_999_999_999L);

		/** Up to the year 5138. */
		private static final java.util.regex.Pattern MILLIS = java.util.regex.Pattern.compile("[0-9]{1,14}");

		@Override
		public @Nullable Instant read(JsonNode value) {
			if (value.isString()) {
				return parse(value.stringValue());
			}
			// Numbers are kept as they were written.
			String text = (value instanceof POJONode node && node.getPojo() instanceof RawValue raw)
					? String.valueOf(raw.rawValue()) : "";
			return MILLIS.matcher(text).matches() ? Instant.ofEpochMilli(Long.parseLong(text)) : null;
		}

		private static @Nullable Instant parse(String text) {
			try {
				Instant moment = Instant.parse(text);
				return (moment.isBefore(Instant.EPOCH) || moment.isAfter(LATEST)) ? null : moment;
			}
			catch (DateTimeParseException ex) {
				return null;
			}
		}

		@Override
		public String refusal(JsonNode value) {
			return "must be a time such as 2026-01-31T12:00:00Z, or milliseconds since the epoch";
		}

	}

	/**
	 * A list with one item at least.
	 *
	 * @param <R> what its items must be
	 * @param about in words
	 * @param item what each of its items must be
	 * @param max how many items it may have
	 * @param repeated what is wrong with an item that stands in the list before, for
	 * people; null where items may be repeated
	 */
	record Items<R extends Rule>(Description about, R item, int max, @Nullable String repeated) implements Rule {

	}

	/**
	 * Anything, also null.
	 *
	 * @param about in words
	 */
	record Any(Description about) implements Rule {

	}

	/** An object: it has no other fields than these. */
	sealed interface Shape extends Rule {

		/** The names of the fields there may be, in order. */
		Set<String> names();

	}

	/**
	 * An object.
	 *
	 * @param about in words
	 * @param fields its fields
	 * @param names their names
	 * @param apart fields of which no two may be given together; may be empty
	 */
	record Plain(Description about, List<Field<?>> fields, Set<String> names, List<Field<?>> apart) implements Shape {

		public static Plain of(Description about, Field<?>... fields) {
			return new Plain(about, List.of(fields), namesOf(Stream.of(fields)), List.of());
		}

		public Plain apart(Field<?>... either) {
			return new Plain(this.about, this.fields, this.names, List.of(either));
		}

	}

	/**
	 * An object that has exactly one of some fields, and perhaps others.
	 *
	 * @param about in words
	 * @param choices the object with each of these fields; the field stands first
	 * @param names the names of all fields: the choices first
	 */
	record ExactlyOne(Description about, List<Plain> choices, Set<String> names) implements Shape {

		public static ExactlyOne of(Description about, Plain... choices) {
			List<Plain> all = List.of(choices);
			Stream<Field<?>> chosen = all.stream().map((choice) -> choice.fields().getFirst());
			Stream<Field<?>> others = all.getFirst().fields().stream().skip(1);
			return new ExactlyOne(about, all, namesOf(Stream.concat(chosen, others)));
		}

		/** The fields of which one must be given. */
		public List<String> choiceNames() {
			List<String> names = new ArrayList<>(this.choices.size());
			this.choices.forEach((choice) -> names.add(choice.fields().getFirst().name()));
			return names;
		}

	}

	private static Set<String> namesOf(Stream<Field<?>> fields) {
		Set<String> names = new LinkedHashSet<>();
		fields.forEach((field) -> names.add(field.name()));
		return names;
	}

}
