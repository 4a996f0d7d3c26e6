package io.fanfare.api.tail;

import java.util.Locale;

/** Why a tail ended. */
enum TailEnd {

	/** It lasted as long as a tail may. */
	TIME,
	/** The key or token does not hold any more. */
	CREDENTIAL,
	/** The API stops. */
	STOPPING,
	/** The caller went, or did not read for too long. */
	CALLER;

	String wireName() {
		return name().toLowerCase(Locale.ROOT);
	}

}
