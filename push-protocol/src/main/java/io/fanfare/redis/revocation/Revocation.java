package io.fanfare.redis.revocation;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A right that was taken away before the tokens that gave it expire.
 *
 * @param target of what
 * @param issuedBefore tokens that were issued in this second or before grant it no more,
 * in milliseconds since the epoch
 * @param until until then no token does, in milliseconds since the epoch; 0 for no such
 * time
 * @param stored when it was written, in milliseconds since the epoch
 * @param reason why, in words of the caller
 */
public record Revocation(Target target, long issuedBefore, long until, long stored, String reason) {

	/** The reason where none was given, or it cannot be read. */
	public static final String NO_REASON = "revoked";

	/** The longest reason, in UTF-16 code units. */
	public static final int MAX_REASON = 256;

	/** How many topics of one user may be revoked; as in revocation.lua. */
	public static final int MAX_TOPICS = 1000;

	/** Later than any token. */
	private static final long EVER = 999_999_999_999_999L;

	/** As revocation.lua has it. */
	private static final Pattern VALUE = Pattern.compile("([0-9]{1,15}) ([0-9]{1,15}) ([0-9]{1,15}) (.*+)",
			Pattern.DOTALL);

	/** What is taken away. */
	public sealed interface Target {

		/**
		 * The field of its hash.
		 * @return the name of the field
		 */
		String field();

	}

	/**
	 * All that the tokens of a user grant.
	 *
	 * @param user the user
	 */
	public record OfUser(String user) implements Target {

		static final String FIELD = "*";

		@Override
		public String field() {
			return FIELD;
		}

	}

	/**
	 * A topic that the tokens of a user grant.
	 *
	 * @param user the user
	 * @param topic the topic
	 */
	public record OfTopic(String user, String topic) implements Target {

		static final String FIELD = "ch:";

		@Override
		public String field() {
			return FIELD + this.topic;
		}

	}

	/**
	 * All that one token grants.
	 *
	 * @param hash the SHA-256 of its id in hex
	 */
	public record OfToken(String hash) implements Target {

		static final String FIELD = "jti";

		@Override
		public String field() {
			return FIELD;
		}

	}

	/**
	 * Reads the value of a field. One that cannot be read takes everything away: a right
	 * must not come back by an accident.
	 * @param target what the field is about
	 * @param value its value
	 * @return the revocation
	 */
	static Revocation parse(Target target, String value) {
		Matcher parts = VALUE.matcher(value);
		if (!parts.matches()) {
			return new Revocation(target, EVER, 0, 0, NO_REASON);
		}
		return new Revocation(target, Long.parseLong(parts.group(1)), Long.parseLong(parts.group(2)),
				Long.parseLong(parts.group(3)), parts.group(4));
	}

	/**
	 * Returns whether it refuses a token, of whose user or id it is.
	 * @param token the token
	 * @param nowMillis now
	 * @return whether it does
	 */
	public boolean refuses(IssuedToken token, long nowMillis) {
		return token.issued() <= Math.floorDiv(this.issuedBefore, 1000) || nowMillis < this.until;
	}

	/**
	 * From when on tokens grant the right again that are issued then.
	 * @return milliseconds since the epoch, of a whole second
	 */
	public long validFrom() {
		return Math.max((Math.floorDiv(this.issuedBefore, 1000) + 1) * 1000, Math.ceilDiv(this.until, 1000L) * 1000);
	}

}
