package io.fanfare.bench.publish;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;

/**
 * How a system takes messages: over which port, how many at once, in which form.
 *
 * @param port where it listens
 * @param batch how many messages a request may hold
 * @param request the whole request for some messages
 */
public record Wire(int port, int batch, Function<List<Outgoing>, byte[]> request) {

	/**
	 * Puts a POST request together.
	 * @param path the path
	 * @param headers more header lines, each with its line end
	 * @param body the body
	 * @return the request's bytes
	 */
	public static byte[] post(String path, String headers, String body) {
		byte[] content = body.getBytes(StandardCharsets.UTF_8);
		byte[] head = ("POST " + path + " HTTP/1.1\r\nHost: bench\r\n" + headers + "Content-Length: " + content.length
				+ "\r\n\r\n")
			.getBytes(StandardCharsets.US_ASCII);
		byte[] request = new byte[head.length + content.length];
		System.arraycopy(head, 0, request, 0, head.length);
		System.arraycopy(content, 0, request, head.length, content.length);
		return request;
	}

}
