package io.fanfare.protocol;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a name may look like: its length, its characters, and what is reserved. The check
 * and the regular expression that is published for clients come from the same value. Any
 * thread may call; a check allocates nothing.
 */
public final class NameRule {

	private final CharacterClass first;

	private final CharacterClass rest;

	private final int maxLength;

	private final String[] reserved;

	private final String[] reservedPrefixes;

	/**
	 * Makes a rule for names of one kind of characters.
	 * @param characters the characters, as a class of a regular expression
	 * @param maxLength the longest name, in UTF-16 code units
	 */
	public NameRule(String characters, int maxLength) {
		this(characters, characters, maxLength, List.of(), List.of());
	}

	/**
	 * Makes a rule.
	 * @param first the characters that may begin a name, as a class of a regular
	 * expression
	 * @param rest the characters that may follow, as such a class
	 * @param maxLength the longest name, in UTF-16 code units
	 * @param reserved names that are not allowed
	 * @param reservedPrefixes no name may begin with one of these
	 */
	public NameRule(String first, String rest, int maxLength, List<String> reserved, List<String> reservedPrefixes) {
		this.first = new CharacterClass(first);
		this.rest = rest.equals(first) ? this.first : new CharacterClass(rest);
		this.maxLength = maxLength;
		this.reserved = reserved.toArray(String[]::new);
		this.reservedPrefixes = reservedPrefixes.toArray(String[]::new);
	}

	/**
	 * Returns whether a text is such a name. The empty text is none, and neither is one
	 * with half a surrogate pair.
	 * @param text the text
	 * @return whether it is one
	 */
	public boolean matches(String text) {
		int length = text.length();
		if (length == 0 || length > this.maxLength || !this.first.contains(text, 0)) {
			return false;
		}
		boolean[] allowed = this.rest.allowed;
		for (int i = 1; i < length; i++) {
			char c = text.charAt(i);
			if (!((c < allowed.length) ? allowed[c] : this.rest.contains(text, i))) {
				return false;
			}
		}
		return !isReserved(text);
	}

	private boolean isReserved(String text) {
		for (String name : this.reserved) {
			if (text.equals(name)) {
				return true;
			}
		}
		for (String prefix : this.reservedPrefixes) {
			if (text.startsWith(prefix)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * The longest name.
	 * @return its length in UTF-16 code units
	 */
	public int maxLength() {
		return this.maxLength;
	}

	/**
	 * The rule without its length, as a regular expression that Java, JavaScript and JSON
	 * Schema read alike.
	 * @param orEmpty whether the empty text is to match too
	 * @return the expression
	 */
	public String pattern(boolean orEmpty) {
		if (this.first == this.rest) {
			return "^" + ahead() + this.rest.source + (orEmpty ? "*$" : "+$");
		}
		String name = ahead() + this.first.source + this.rest.source + "*";
		return orEmpty ? "^(" + name + ")?$" : "^" + name + "$";
	}

	/**
	 * The whole rule as a part of a larger regular expression.
	 * @return the expression, which matches no empty text
	 */
	String expression() {
		if (this.first == this.rest) {
			return ahead() + this.rest.source + "{1," + this.maxLength + "}";
		}
		return ahead() + this.first.source + this.rest.source + "{0," + (this.maxLength - 1) + "}";
	}

	private String ahead() {
		List<String> refused = new ArrayList<>();
		if (this.reserved.length > 0) {
			String names = String.join("|", this.reserved);
			refused.add((this.reserved.length > 1) ? "(" + names + ")$" : names + "$");
		}
		for (String prefix : this.reservedPrefixes) {
			refused.add(prefix.replace(".", "\\."));
		}
		return refused.isEmpty() ? "" : "(?!" + String.join("|", refused) + ")";
	}

	/** A class of characters: single ones and ranges, perhaps negated. */
	private static final class CharacterClass {

		private final String source;

		/** What is allowed of the characters up to the highest that is named. */
		private final boolean[] allowed;

		/** Whether all characters above are allowed. */
		private final boolean above;

		CharacterClass(String source) {
			this.source = source;
			this.above = source.startsWith("[^");
			List<int[]> ranges = ranges(source.substring(this.above ? 2 : 1, source.length() - 1));
			int highest = ranges.stream().mapToInt((range) -> range[1]).max().orElseThrow();
			this.allowed = new boolean[highest + 1];
			Arrays.fill(this.allowed, this.above);
			for (int[] range : ranges) {
				Arrays.fill(this.allowed, range[0], range[1] + 1, !this.above);
			}
		}

		private static List<int[]> ranges(String inside) {
			List<int[]> ranges = new ArrayList<>();
			int at = 0;
			while (at < inside.length()) {
				int from = character(inside, at);
				at += length(inside, at);
				int to = from;
				if (at < inside.length() - 1 && inside.charAt(at) == '-') {
					to = character(inside, at + 1);
					at += 1 + length(inside, at + 1);
				}
				ranges.add(new int[] { from, to });
			}
			return ranges;
		}

		private static int character(String inside, int at) {
			return isEscape(inside, at) ? Integer.parseInt(inside, at + 2, at + 6, 16) : inside.charAt(at);
		}

		private static int length(String inside, int at) {
			return isEscape(inside, at) ? "\\u0000".length() : 1;
		}

		private static boolean isEscape(String inside, int at) {
			return inside.startsWith("\\u", at);
		}

		boolean contains(String text, int at) {
			char c = text.charAt(at);
			return (c < this.allowed.length) ? this.allowed[c] : this.above && !isHalfPair(text, at);
		}

		private static boolean isHalfPair(String text, int at) {
			char c = text.charAt(at);
			if (Character.isHighSurrogate(c)) {
				return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
			}
			return Character.isLowSurrogate(c) && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
		}

	}

}
