package io.fanfare.node.auth;

import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.audit.RefusalReason;

/** What the check of a credential came to. */
public sealed interface Authentication {

	/**
	 * It grants a stream.
	 *
	 * @param token what it grants
	 */
	record Granted(StreamToken token) implements Authentication {

	}

	/**
	 * It grants nothing, and never will.
	 *
	 * @param reason what is wrong with it
	 * @param detail the same for the client
	 */
	record Refused(RefusalReason reason, String detail) implements Authentication {

	}

	/**
	 * It cannot be said now whether it is right.
	 *
	 * @param reason why; its advice is to try again
	 */
	record Unavailable(CloseReason reason) implements Authentication {

	}

	/**
	 * It was not looked at, for its address sent too many.
	 *
	 * @param quota the quota that is used up
	 */
	record Limited(Quota quota) implements Authentication {

	}

}
