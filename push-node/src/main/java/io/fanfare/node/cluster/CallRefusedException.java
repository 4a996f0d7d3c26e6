package io.fanfare.node.cluster;

import io.fanfare.protocol.call.CallAnswer;

/** Ends a call with an error that the caller can handle. */
@SuppressWarnings("serial")
public final class CallRefusedException extends RuntimeException {

	private final transient CallAnswer.Refused answer;

	/**
	 * Makes it.
	 * @param error the name of the error
	 */
	public CallRefusedException(String error) {
		super(error, null, false, false);
		this.answer = new CallAnswer.Refused(error);
	}

	CallAnswer.Refused answer() {
		return this.answer;
	}

}
