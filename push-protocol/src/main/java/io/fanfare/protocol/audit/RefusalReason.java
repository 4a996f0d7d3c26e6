package io.fanfare.protocol.audit;

/**
 * Why a client of a node or a caller of the API is refused, as the audit log and its
 * metric have it. Set where the refusal is decided, never read from its text. Wire names
 * never change; alerts are made of them.
 */
public enum RefusalReason {

	/** The request has no API key, token or ticket. */
	CREDENTIAL_MISSING("credential-missing"),
	/** {@code Authorization: Bearer} is empty, or occurs more than once. */
	CREDENTIAL_MALFORMED("credential-malformed"),
	/** What was sent is no API key that is known, and has not the form of a JWT. */
	KEY_WRONG("key-wrong"),
	/** The text of a token, or a part of it, cannot be read. */
	TOKEN_MALFORMED("token-malformed"),
	/** The {@code typ} of a token is none that is accepted. */
	TOKEN_TYPE("token-type"),
	/** A token is signed by an algorithm that is not accepted, or is not signed. */
	TOKEN_ALGORITHM("token-algorithm"),
	/** No key is known by which a token with this {@code kid} and algorithm is signed. */
	TOKEN_KEY_UNKNOWN("token-key-unknown"),
	/** The signature of a token is not valid. */
	TOKEN_SIGNATURE("token-signature"),
	/** The {@code iss} of a token is not the issuer that is accepted. */
	TOKEN_ISSUER("token-issuer"),
	/** The {@code aud} of a token is missing, or another. */
	TOKEN_AUDIENCE("token-audience"),
	/** A token has no {@code exp} or no {@code iat}. */
	TOKEN_TIMES_MISSING("token-times-missing"),
	/** A token has expired. */
	TOKEN_EXPIRED("token-expired"),
	/** The {@code nbf} or {@code iat} of a token lies ahead. */
	TOKEN_NOT_YET_VALID("token-not-yet-valid"),
	/** A token lives longer than the settings allow. */
	TOKEN_LIFE_TOO_LONG("token-life-too-long"),
	/** Another claim of a token is missing or not allowed. */
	TOKEN_CLAIMS("token-claims"),
	/** A token was revoked, or all tokens of its user. */
	TOKEN_REVOKED("token-revoked"),
	/** A ticket is unknown, or has expired. */
	TICKET_UNKNOWN("ticket-unknown"),
	/** A ticket was spent by another request. */
	TICKET_SPENT("ticket-spent"),
	/** The key or token does not cover what was asked for. */
	SCOPE("scope"),
	/** The page that made the request is of an origin that is not allowed. */
	ORIGIN_NOT_ALLOWED("origin-not-allowed"),
	/** A quota is used up. */
	QUOTA("quota"),
	/** The address sent too many credentials that were wrong. */
	THROTTLED("throttled");

	private final String wireName;

	RefusalReason(String wireName) {
		this.wireName = wireName;
	}

	/**
	 * The name in logs and metrics.
	 * @return the name
	 */
	public String wireName() {
		return this.wireName;
	}

}
