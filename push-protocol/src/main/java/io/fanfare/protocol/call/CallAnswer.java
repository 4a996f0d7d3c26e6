package io.fanfare.protocol.call;

import java.util.regex.Pattern;

/** What a call to a node came to. */
public sealed interface CallAnswer {

	/**
	 * The node did it.
	 *
	 * @param body its answer, JSON
	 */
	record Done(byte[] body) implements CallAnswer {

	}

	/**
	 * The node did not do it.
	 *
	 * @param error why: an error of the call's own, or one of those below
	 */
	record Refused(String error) implements CallAnswer {

		/** The node knows no call of that name: it is of another version. */
		public static final String UNKNOWN_CALL = "unknown-call";

		/**
		 * There is something in the call that a node of its version does not understand.
		 */
		public static final String NOT_UNDERSTOOD = "not-understood";

		/** A cursor that came with the call is none. */
		public static final String INVALID_CURSOR = "invalid-cursor";

		/** The node copies as much as it may. */
		public static final String TOO_MANY_TAILS = "too-many-tails";

		/** The node answers as many such calls at once as it may: it can be repeated. */
		public static final String BUSY = "busy";

		/** The node failed, and has logged why. */
		public static final String FAILED = "failed";

		private static final Pattern NAME = Pattern.compile("[a-z-]{3,40}");

		/**
		 * Checks the name.
		 * @throws IllegalArgumentException if it has anything but a to z and hyphens
		 */
		public Refused {
			if (!NAME.matcher(error).matches()) {
				throw new IllegalArgumentException("No name of an error: " + error);
			}
		}

	}

	/**
	 * No node received the call, or no answer came in time. It may have been done.
	 */
	record Silence() implements CallAnswer {

	}

}
