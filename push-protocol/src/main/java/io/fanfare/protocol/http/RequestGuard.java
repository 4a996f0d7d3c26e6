package io.fanfare.protocol.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;

import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.guard.Ticker;
import org.apache.coyote.ActionCode;
import org.apache.coyote.Adapter;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.tomcat.util.buf.ByteChunk;
import org.apache.tomcat.util.buf.MessageBytes;
import org.apache.tomcat.util.http.MimeHeaders;
import org.apache.tomcat.util.net.SocketEvent;
import org.jspecify.annotations.Nullable;

/**
 * Refuses what is costly to parse, or could be understood in two ways, before anything
 * else looks at a request: Tomcat parses path parameters at quadratic cost, and Spring
 * throws upon headers that nothing needs, both before the credentials are checked.
 * <p>
 * Each connection's processor has one; not safe for threads.
 */
final class RequestGuard implements Adapter {

	/** Semicolons in the path. */
	static final int MAX_PATH_PARAMETERS = 32;

	/** Slashes in the path: each segment is parsed and compared with all patterns. */
	static final int MAX_SEGMENTS = 64;

	/**
	 * Parameters in the query: for more, Tomcat throws where they are first looked at.
	 */
	static final int MAX_PARAMETERS = 1000;

	/** The longest method that is registered has 17 characters. */
	static final int MAX_METHOD = 20;

	/** Elements of the lists and parameters in each header below, in all its fields. */
	static final int MAX_ELEMENTS = 64;

	/** Headers that are split into elements, each of which is parsed. */
	private static final Set<String> LISTS = Set.of("accept", "accept-charset", "accept-encoding",
			"access-control-request-headers", "cache-control", "connection", "content-disposition", "content-encoding",
			"content-type", "expect", "forwarded", "if-match", "if-none-match", "range", "te", "trailer",
			"transfer-encoding", "upgrade", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
			"x-forwarded-proto");

	/**
	 * Nothing is localised, and nothing is kept in cookies. Tomcat parses both late, and
	 * throws where there are too many.
	 */
	private static final Set<String> UNUSED = Set.of("accept-language", "cookie");

	private final Adapter next;

	private final Ticker ticker;

	private long since;

	private boolean answered;

	private Duration maxAge = BoundedHttp11Protocol.MAX_AGE;

	/**
	 * Stands before Tomcat's own adapter.
	 * @param next that adapter
	 * @param ticker the clock by which connections age
	 */
	RequestGuard(Adapter next, Ticker ticker) {
		this.next = next;
		this.ticker = ticker;
	}

	/** Tells of the connection whose requests come next. */
	void keep(long since, Duration maxAge) {
		this.since = since;
		this.maxAge = maxAge;
		this.answered = false;
	}

	/** Whether a request was answered since, and not refused. */
	boolean hasAnswered() {
		return this.answered;
	}

	@Override
	public void service(Request request, Response response) throws Exception {
		UNUSED.forEach(request.getMimeHeaders()::removeHeader);
		// On whatever is answered, also by Tomcat itself
		response.setHeader("X-Content-Type-Options", "nosniff");
		response.setHeader("Referrer-Policy", "no-referrer");
		String reason = reasonToRefuse(request, response.getStatus() >= 400);
		if (this.ticker.nanoTime() - this.since > this.maxAge.toNanos()) {
			response.setHeader("Connection", "close");
		}
		if (reason == null) {
			this.next.service(request, response);
			this.answered |= response.getStatus() < 400;
			return;
		}
		refuse(response, reason);
		this.next.log(request, response, 0);
	}

	/**
	 * With this status, Tomcat closes the connection. The answer is sent at once: Tomcat
	 * waits for the body before it sends what it has buffered.
	 */
	private static void refuse(Response response, String reason) throws Exception {
		byte[] body = ("{\"type\":\"" + ProblemType.REFUSED.uri() + "\",\"title\":\"" + ProblemType.REFUSED.title()
				+ "\",\"status\":" + ProblemType.REFUSED.status() + ",\"detail\":\"" + reason + "\"}")
			.getBytes(StandardCharsets.US_ASCII);
		response.setStatus(ProblemType.REFUSED.status());
		response.setContentType("application/problem+json");
		response.setContentLength(body.length);
		response.doWrite(ByteBuffer.wrap(body));
		response.action(ActionCode.CLIENT_FLUSH, null);
	}

	/**
	 * Tells why, in words that hold nothing the caller sent. What Tomcat refuses already
	 * passes here too, with parts that cannot be read.
	 */
	private static @Nullable String reasonToRefuse(Request request, boolean failed) {
		if (count(request.requestURI(), ';', ';') > MAX_PATH_PARAMETERS) {
			return "The path has more than " + MAX_PATH_PARAMETERS + " parameters";
		}
		if (count(request.requestURI(), '/', '/') > MAX_SEGMENTS) {
			return "The path has more than " + MAX_SEGMENTS + " segments";
		}
		if (count(request.queryString(), '&', '&') >= MAX_PARAMETERS) {
			return "The query has more than " + MAX_PARAMETERS + " parameters";
		}
		if (hasDotSegment(request.requestURI())) {
			return "The path climbs";
		}
		MimeHeaders headers = request.getMimeHeaders();
		String list = longList(headers);
		if (list != null) {
			return "The header " + list + " has more than " + MAX_ELEMENTS + " elements";
		}
		MessageBytes coding = headers.getValue("transfer-encoding");
		if (coding != null
				&& (headers.findHeader("transfer-encoding", headers.findHeader("transfer-encoding", 0) + 1) >= 0
						|| !coding.equalsIgnoreCase("chunked"))) {
			return "The header Transfer-Encoding may be chunked, once, and nothing else";
		}
		if (failed) {
			return null;
		}
		String method = request.getMethod();
		if (!isMethod(method)) {
			return "The method is none of HTTP";
		}
		if ((method.equals("GET") || method.equals("HEAD")) && (coding != null || request.getContentLengthLong() > 0)) {
			return "A request with this method has no body";
		}
		return null;
	}

	/**
	 * Whether it can be a method: those that are registered have capital letters and
	 * hyphens. What Spring refuses it logs at DEBUG, and it may be a secret.
	 */
	private static boolean isMethod(String text) {
		for (int i = 0; i < text.length(); i++) {
			char letter = text.charAt(i);
			if ((letter < 'A' || letter > 'Z') && letter != '-') {
				return false;
			}
		}
		return text.length() <= MAX_METHOD;
	}

	/**
	 * Whether a segment of a path is {@code .} or {@code ..}. Clients resolve these
	 * before they send (RFC 3986, section 5.2.4); what is left matches handlers that
	 * throw at it.
	 */
	private static boolean hasDotSegment(MessageBytes path) {
		String text = path.isNull() ? "" : path.toString();
		for (int i = text.indexOf("/."); i >= 0; i = text.indexOf("/.", i + 1)) {
			int end = text.startsWith("/..", i) ? i + 3 : i + 2;
			if (end == text.length() || text.charAt(end) == '/') {
				return true;
			}
		}
		return false;
	}

	/** Returns the name of a header that has too many elements. */
	private static @Nullable String longList(MimeHeaders headers) {
		// Most requests have so few in all that no name needs to be known
		int all = 0;
		for (int i = 0; i < headers.size(); i++) {
			all += count(headers.getValue(i), ',', ';');
		}
		if (all < MAX_ELEMENTS) {
			return null;
		}
		for (String name : LISTS) {
			int elements = 0;
			for (int i = headers.findHeader(name, 0); i >= 0; i = headers.findHeader(name, i + 1)) {
				elements += 1 + count(headers.getValue(i), ',', ';');
			}
			if (elements > MAX_ELEMENTS) {
				return name;
			}
		}
		return null;
	}

	private static int count(MessageBytes text, char one, char other) {
		int count = 0;
		if (text.getType() == MessageBytes.T_BYTES) {
			ByteChunk bytes = text.getByteChunk();
			byte[] buffer = bytes.getBuffer();
			for (int i = bytes.getStart(); i < bytes.getEnd(); i++) {
				count += (buffer[i] == one || buffer[i] == other) ? 1 : 0;
			}
		}
		else if (!text.isNull()) {
			String string = text.toString();
			for (int i = 0; i < string.length(); i++) {
				count += (string.charAt(i) == one || string.charAt(i) == other) ? 1 : 0;
			}
		}
		return count;
	}

	@Override
	public boolean prepare(Request request, Response response) throws Exception {
		return this.next.prepare(request, response);
	}

	@Override
	public boolean asyncDispatch(Request request, Response response, SocketEvent status) throws Exception {
		return this.next.asyncDispatch(request, response, status);
	}

	@Override
	public void log(Request request, Response response, long time) {
		this.next.log(request, response, time);
	}

	@Override
	public void checkRecycled(Request request, Response response) {
		this.next.checkRecycled(request, response);
	}

	@Override
	public String getDomain() {
		return this.next.getDomain();
	}

}
