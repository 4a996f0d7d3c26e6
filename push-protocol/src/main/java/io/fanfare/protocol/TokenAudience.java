package io.fanfare.protocol;

/** What the {@code aud} of a JSON web token names: what the token is for. */
public final class TokenAudience {

	/** The token opens streams. */
	public static final String STREAM = "fanfare:stream";

	/** The token calls the API. */
	public static final String API = "fanfare:api";

	private TokenAudience() {
	}

}
