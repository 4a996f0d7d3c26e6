package io.fanfare.protocol.http;

/** What a connection is at. In an address, those before others are closed before them. */
enum Use {

	/** It was answered, and what still comes is dropped. */
	DROPPING,
	/** Nothing was answered on it, and no whole head has arrived. */
	SILENT,
	/** It was answered, and waits for the next request. */
	IDLE,
	/** A handler waits for the rest of a body. */
	READING,
	/** Its client has read nothing of an answer for some time. */
	UNREAD,
	/** All that was asked has arrived, and its answer passes. Never closed. */
	SERVED;

	/** Nothing is, or was, asked on it that could be answered. */
	boolean isUnasked() {
		return compareTo(SILENT) <= 0;
	}

}
