package io.fanfare.test.sse;

import java.net.http.HttpHeaders;

/**
 * A complete answer to a request that opens no stream.
 *
 * @param status the status code
 * @param headers the header fields; names in any case
 * @param text the body without transfer and content coding, read as UTF-8
 */
public record Answer(int status, HttpHeaders headers, String text) {

	/**
	 * The first value of a header field.
	 * @param name the field's name, in any case
	 * @return the value, or an empty string if the field is absent
	 */
	public String header(String name) {
		return this.headers.firstValue(name).orElse("");
	}

}
