package io.fanfare.protocol;

/**
 * The kinds of problems (RFC 9457) with which nodes, the API and the control ports
 * answer, each with its one title. Wire names never change; callers branch on them.
 */
public enum ProblemType {

	/** The body is no JSON. */
	MALFORMED_JSON("malformed-json", 400, "The body is not well-formed JSON"),
	/** What came is no request of HTTP/1.1. */
	MALFORMED_REQUEST("malformed-request", 400, "The request is not HTTP/1.1"),
	/** Something in the request is not as it should be. */
	INVALID_REQUEST("invalid-request", 400, "The request is not valid"),
	/** Any other refusal of the HTTP layer; it may have another status. */
	REFUSED("refused", 400, "The request was refused"),
	/** No API key or token, or none that is known to the API. */
	UNAUTHORIZED("unauthorized", 401, "An API key or token is needed"),
	/** No stream token, or none that is valid. */
	INVALID_TOKEN("invalid-token", 401, "A valid stream token is needed"),
	/** The caller is known and may not do this. */
	INSUFFICIENT_SCOPE("insufficient-scope", 403, "The key or token does not cover this"),
	/** The page that made the request is of an origin that is not allowed. */
	ORIGIN_NOT_ALLOWED("origin-not-allowed", 403, "The origin is not allowed"),
	/** There is nothing at this address, or it is switched off. */
	NOT_FOUND("not-found", 404, "Not Found"),
	/** The address exists, with other methods. */
	METHOD_NOT_ALLOWED("method-not-allowed", 405, "Method Not Allowed"),
	/** The caller accepts nothing that could be answered. */
	NOT_ACCEPTABLE("not-acceptable", 406, "Not Acceptable"),
	/** The request did not arrive in time. */
	REQUEST_TIMEOUT("request-timeout", 408, "Request Timeout"),
	/** A request with the same idempotency key is running. */
	IDEMPOTENCY_KEY_IN_USE("idempotency-key-in-use", 409, "A request with this idempotency key is running"),
	/** A drain of the cluster is on its way. */
	DRAIN_RUNNING("drain-running", 409, "A drain of the cluster is on its way"),
	/** The body, or the data of a message, is longer than allowed. */
	CONTENT_TOO_LARGE("content-too-large", 413, "Content Too Large"),
	/** The request line is longer than allowed. */
	URI_TOO_LONG("uri-too-long", 414, "URI Too Long"),
	/** The body is of a kind or in a coding that is not understood. */
	UNSUPPORTED_MEDIA_TYPE("unsupported-media-type", 415, "Unsupported Media Type"),
	/** The idempotency key was used for another request. */
	IDEMPOTENCY_KEY_REUSED("idempotency-key-reused", 422, "The idempotency key belongs to another request"),
	/** The messages of a request have more recipients together than allowed. */
	TOO_MANY_RECIPIENTS("too-many-recipients", 422, "The request has too many recipients"),
	/** The user has as many revoked topics as may be. */
	TOO_MANY_REVOCATIONS("too-many-revocations", 422, "The user has too many revoked topics"),
	/**
	 * A limit of draft-ietf-httpapi-ratelimit-headers-10 is reached, whose type this is.
	 */
	QUOTA_EXCEEDED("https://iana.org/assignments/http-problem-types#", "quota-exceeded", 429,
			"Request cannot be satisfied as assigned quota has been exceeded"),
	/** The headers are longer or more than allowed. */
	HEADER_FIELDS_TOO_LARGE("header-fields-too-large", 431, "Request Header Fields Too Large"),
	/** A fault of the API. */
	INTERNAL_ERROR("internal-error", 500, "The API failed"),
	/** Redis does not answer, or refuses; what was asked for may have been done. */
	REDIS_UNAVAILABLE("redis-unavailable", 503, "Redis is unavailable"),
	/** Redis has reached its {@code maxmemory} and takes no messages. */
	REDIS_FULL("redis-full", 503, "Redis is full"),
	/** Keys that verify tokens cannot be fetched, so it is not known who calls. */
	KEYS_UNAVAILABLE("keys-unavailable", 503, "The keys of tokens are unavailable"),
	/** More is on its way than the API takes at once; nothing was done. */
	OVERLOADED("overloaded", 503, "The API takes no more at once"),
	/** A node does not answer; what was asked of it may have been done. */
	NODE_UNAVAILABLE("node-unavailable", 503, "The node does not answer"),
	/** A stream is not opened; a proxy may have asked for another status. */
	UNAVAILABLE("unavailable", 503, "Service Unavailable"),
	/** The request is of a version of HTTP that cannot be answered. */
	HTTP_VERSION_NOT_SUPPORTED("http-version-not-supported", 505, "HTTP Version Not Supported");

	private static final String BASE = "https://fanfare.io/problems/";

	private final String uri;

	private final String wireName;

	private final int status;

	private final String title;

	ProblemType(String wireName, int status, String title) {
		this(BASE, wireName, status, title);
	}

	ProblemType(String base, String wireName, int status, String title) {
		this.uri = base + wireName;
		this.wireName = wireName;
		this.status = status;
		this.title = title;
	}

	/**
	 * The {@code type} of the document.
	 * @return a URI
	 */
	public String uri() {
		return this.uri;
	}

	/**
	 * The name at the end of the {@code type}.
	 * @return the name
	 */
	public String wireName() {
		return this.wireName;
	}

	/**
	 * The HTTP status it is answered with.
	 * @return the status
	 */
	public int status() {
		return this.status;
	}

	/**
	 * What it is called for people: the phrase of RFC 9110 or RFC 6585 for its status
	 * where the type says no more than that.
	 * @return the title
	 */
	public String title() {
		return this.title;
	}

}
