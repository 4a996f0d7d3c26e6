package io.fanfare.api.alert;

/** A channel did not take a message. */
@SuppressWarnings("serial")
final class AlertNotSentException extends Exception {

	private static final int MAX_LENGTH = 200;

	private final boolean refused;

	private AlertNotSentException(boolean refused, String reason) {
		super(reason);
		this.refused = refused;
	}

	/**
	 * The other side answered, and does not take it.
	 * @param reason why; no address, for it may hold a secret
	 * @return the exception
	 */
	static AlertNotSentException refused(String reason) {
		return new AlertNotSentException(true, clean(reason));
	}

	/**
	 * The other side did not answer, or has an error of its own.
	 * @param reason why; no address, for it may hold a secret
	 * @return the exception
	 */
	static AlertNotSentException failed(String reason) {
		return new AlertNotSentException(false, clean(reason));
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
