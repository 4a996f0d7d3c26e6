package io.fanfare.test.sse;

/**
 * How an answer came to its end.
 */
public enum End {

	/**
	 * In order: by the last chunk, by its announced length, or, where neither was
	 * promised, by the end of the connection.
	 */
	COMPLETE,

	/**
	 * The server closed the connection (FIN) in the middle.
	 */
	CUT,

	/**
	 * The server reset the connection (RST) in the middle.
	 */
	RESET,

	/**
	 * What came is not HTTP.
	 */
	MALFORMED,

	/**
	 * This client closed or aborted the connection first.
	 */
	CLOSED_HERE

}
