package io.fanfare.api.tail;

import java.io.IOException;

/** A tail is over before the item that is being written was read. */
final class TailOverException extends IOException {

	private static final long serialVersionUID = 1;

	private final TailEnd reason;

	TailOverException(TailEnd reason) {
		super("The tail is over: " + reason.wireName());
		this.reason = reason;
	}

	TailEnd reason() {
		return this.reason;
	}

}
