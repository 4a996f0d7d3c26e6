package io.fanfare.doctor.probe;

import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * What is asked, and as a page of which origin.
 *
 * @param url the address of the streams, without a query
 * @param origin the origin of the page, or null for that of the address
 */
public record Target(URI url, @Nullable String origin) {

	/** What the node has to see of it. */
	static final String LAST_EVENT_ID_PREFIX = "doctor-";

	/** The origin of the page. */
	String pageOrigin() {
		return (this.origin != null) ? this.origin : this.url.getScheme() + "://" + this.url.getRawAuthority();
	}

	/** Whether the page is of another origin than the address. */
	boolean isCrossOrigin() {
		return !canonical(URI.create(pageOrigin())).equals(canonical(this.url));
	}

	private static String canonical(URI uri) {
		String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
		int port = (uri.getPort() >= 0) ? uri.getPort() : scheme.equals("https") ? 443 : 80;
		return scheme + "://" + uri.getHost().toLowerCase(Locale.ROOT) + ":" + port;
	}

	/** Whether the way is encrypted. */
	boolean isTls() {
		return "https".equalsIgnoreCase(this.url.getScheme());
	}

	/** A request of the doctor with what clients send. */
	HttpRequest.Builder request(String nonce, String parameter) {
		HttpRequest.Builder request = HttpRequest
			.newBuilder(URI.create(this.url + "?doctor=1&" + parameter + "&nonce=" + nonce))
			.header("Accept", "text/event-stream")
			// As browsers do: a proxy that compresses must show
			.header("Accept-Encoding", "gzip")
			.header("Cache-Control", "no-store")
			.header("Authorization", "Bearer doctor")
			.header("Cookie", "fanfare-doctor=1")
			.header("Last-Event-ID", LAST_EVENT_ID_PREFIX + nonce);
		// Browsers send none to the own origin.
		return isCrossOrigin() ? request.header("Origin", pageOrigin()) : request;
	}

	/** What a browser asks before such a request to another origin. */
	HttpRequest.Builder preflight() {
		return HttpRequest.newBuilder(URI.create(this.url + "?doctor=1"))
			.method("OPTIONS", HttpRequest.BodyPublishers.noBody())
			.header("Accept", "*/*")
			.header("Origin", pageOrigin())
			.header("Access-Control-Request-Method", "GET")
			.header("Access-Control-Request-Headers", "authorization,last-event-id");
	}

}
