package io.fanfare.api.alert;

/** A channel did not take a message. */
@SuppressWarnings("serial")
final class AlertNotSentException extends Exception {

	private static final int MAX_LENGTH = 200;

	private final boolean refused;

	private final boolean certain;

	private AlertNotSentException(boolean refused, boolean certain, String reason) {
		super(reason);
		this.refused = refused;
		this.certain = certain;
	}

	/**
	 * The other side answered, and does not take it.
	 * @param reason why; no address, for it may hold a secret
	 * @return the exception
	 */
	static AlertNotSentException refused(String reason) {
		return new AlertNotSentException(true, true, clean(reason));
	}

	/**
	 * The other side was not reached, so it does not know the message.
	 * @param reason why; no address, for it may hold a secret
	 * @return the exception
	 */
	static AlertNotSentException notReached(String reason) {
		return new AlertNotSentException(false, true, clean(reason));
	}

	/**
	 * The other side did not answer, or has an error of its own: it may have taken it.
	 * @param reason why; no address, for it may hold a secret
	 * @return the exception
	 */
	static AlertNotSentException failed(String reason) {
		return new AlertNotSentException(false, false, clean(reason));
	}

	/** Whether it is certain that the message was not taken. */
	boolean isCertain() {
		return this.certain;
	}

	/** The outcome in metrics. */
	String outcome() {
		return this.refused ? "refused" : "failed";
	}

	private static String clean(String reason) {
		String line = reason.replaceAll("[\\p{Cntrl}\"]", " ").strip();
		return (line.length() > MAX_LENGTH) ? line.substring(0, MAX_LENGTH) : line;
	}

}
