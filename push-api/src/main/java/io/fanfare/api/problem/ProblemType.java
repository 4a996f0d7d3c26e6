package io.fanfare.api.problem;

import org.springframework.http.HttpStatus;

/**
 * The kinds of problems that the API answers with. Wire names never change; callers
 * branch on them.
 */
public enum ProblemType {

	/** The body is no JSON. */
	MALFORMED_JSON("malformed-json", HttpStatus.BAD_REQUEST, "The body is not well-formed JSON"),
	/** Something in the request is not as it should be; {@code errors} says what. */
	INVALID_REQUEST("invalid-request", HttpStatus.BAD_REQUEST, "The request is not valid"),
	/** No API key or token, or none that is known here. */
	UNAUTHORIZED("unauthorized", HttpStatus.UNAUTHORIZED, "An API key or token is needed"),
	/** The caller is known and may not do this. */
	INSUFFICIENT_SCOPE("insufficient-scope", HttpStatus.FORBIDDEN, "The key or token does not cover this"),
	/** There is nothing at this address, or it is switched off. */
	NOT_FOUND("not-found", HttpStatus.NOT_FOUND, "Not Found"),
	/** The address exists, with other methods. */
	METHOD_NOT_ALLOWED("method-not-allowed", HttpStatus.METHOD_NOT_ALLOWED, "The method is not allowed here"),
	/** The caller accepts nothing that could be answered. */
	NOT_ACCEPTABLE("not-acceptable", HttpStatus.NOT_ACCEPTABLE, "The answer would be application/json"),
	/** A request with the same idempotency key is running. */
	IDEMPOTENCY_KEY_IN_USE("idempotency-key-in-use", HttpStatus.CONFLICT,
			"A request with this idempotency key is running"),
	/** A drain of the cluster is on its way. */
	DRAIN_RUNNING("drain-running", HttpStatus.CONFLICT, "A drain of the cluster is on its way"),
	/** The body, or the data of a message, is longer than allowed. */
	CONTENT_TOO_LARGE("content-too-large", HttpStatus.CONTENT_TOO_LARGE, "The content is too large"),
	/** The body is of a kind that is not understood. */
	UNSUPPORTED_MEDIA_TYPE("unsupported-media-type", HttpStatus.UNSUPPORTED_MEDIA_TYPE,
			"The body must be application/json"),
	/** The idempotency key was used for another request. */
	IDEMPOTENCY_KEY_REUSED("idempotency-key-reused", HttpStatus.UNPROCESSABLE_CONTENT,
			"The idempotency key belongs to another request"),
	/** The messages of a request have more recipients together than allowed. */
	TOO_MANY_RECIPIENTS("too-many-recipients", HttpStatus.UNPROCESSABLE_CONTENT, "The request has too many recipients"),
	/** A fault of the API. */
	INTERNAL_ERROR("internal-error", HttpStatus.INTERNAL_SERVER_ERROR, "The API failed"),
	/** Redis does not answer, or refuses; what was asked for may have been done. */
	REDIS_UNAVAILABLE("redis-unavailable", HttpStatus.SERVICE_UNAVAILABLE, "Redis is unavailable"),
	/** Redis has reached its {@code maxmemory} and takes no messages. */
	REDIS_FULL("redis-full", HttpStatus.SERVICE_UNAVAILABLE, "Redis is full"),
	/** More is on its way than the API takes at once; nothing was done. */
	OVERLOADED("overloaded", HttpStatus.SERVICE_UNAVAILABLE, "The API takes no more at once"),
	/** A node does not answer; what was asked of it may have been done. */
	NODE_UNAVAILABLE("node-unavailable", HttpStatus.SERVICE_UNAVAILABLE, "The node does not answer"),
	/** Any other refusal of the HTTP layer, such as headers that are too long. */
	REFUSED("refused", HttpStatus.BAD_REQUEST, "The request was refused");

	private static final String BASE = "https://fanfare.io/problems/";

	private final String wireName;

	private final HttpStatus status;

	private final String title;

	ProblemType(String wireName, HttpStatus status, String title) {
		this.wireName = wireName;
		this.status = status;
		this.title = title;
	}

	/**
	 * The {@code type} of the document.
	 * @return a URI
	 */
	public String uri() {
		return BASE + this.wireName;
	}

	/**
	 * The status it is answered with.
	 * @return the status
	 */
	public HttpStatus status() {
		return this.status;
	}

	/**
	 * What it is called for people.
	 * @return a sentence without a full stop
	 */
	public String title() {
		return this.title;
	}

	/**
	 * The type for a status that the HTTP layer chose.
	 * @param status the status
	 * @return the type
	 */
	static ProblemType of(int status) {
		return switch (status) {
			case 400 -> INVALID_REQUEST;
			case 401 -> UNAUTHORIZED;
			case 403 -> INSUFFICIENT_SCOPE;
			case 404 -> NOT_FOUND;
			case 405 -> METHOD_NOT_ALLOWED;
			case 406 -> NOT_ACCEPTABLE;
			case 413 -> CONTENT_TOO_LARGE;
			case 415 -> UNSUPPORTED_MEDIA_TYPE;
			default -> (status >= 500) ? INTERNAL_ERROR : REFUSED;
		};
	}

}
