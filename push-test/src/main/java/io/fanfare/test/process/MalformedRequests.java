package io.fanfare.test.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Requests that a server cannot read or refuses, each with a secret where clients have
 * theirs.
 */
public final class MalformedRequests {

	private static final Duration PATIENCE = Duration.ofSeconds(2);

	private MalformedRequests() {
	}

	/**
	 * Sends all of them, each over a connection of its own.
	 * @param port the port of this machine
	 * @param secret what no log may have
	 * @return how many were answered
	 */
	public static int send(int port, String secret) {
		int answered = 0;
		for (String request : of(secret)) {
			try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
				socket.setSoTimeout((int) PATIENCE.toMillis());
				socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
				socket.shutdownOutput();
				answered += (socket.getInputStream().read() > 0) ? 1 : 0;
			}
			catch (IOException ex) {
				// A reset is an answer that some of them get.
			}
		}
		return answered;
	}

	private static List<String> of(String secret) {
		String get = "GET /events HTTP/1.1\r\nHost: h\r\n";
		return List.of(get + "Authorization: Bearer " + secret + "\r\r\n\r\n",
				get + "Authorization: Bearer a\r" + secret + "\r\n\r\n",
				get + "Authorization: Bearer " + secret + "\u0000\r\n\r\n",
				get + "Authorization: Bearer \u0001" + secret + "\r\n\r\n",
				get + "Authorization : Bearer " + secret + "\r\n\r\n",
				get + "Authorization Bearer " + secret + "\r\n\r\n",
				get + " Authorization: Bearer " + secret + "\r\n\r\n",
				get + "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9." + secret + ".x\r\n\r\n",
				get + "Authorization: Basic " + secret + "\r\n\r\n",
				get + "Cookie: fanfare=\"" + secret + "; =\u0002\r\n\r\n",
				get + "Cookie: fanfare=" + secret + "\r\nCookie: $Version=x;" + secret + "\r\n\r\n",
				"GET /events?access_token=" + secret + "%zz HTTP/1.1\r\nHost: h\r\n\r\n",
				"GET /events?access_token=" + secret + "{|}\" HTTP/1.1\r\nHost: h\r\n\r\n",
				"GET /events?access_token=" + secret + "&a=%&%=b HTTP/1.1\r\nHost: h\r\n\r\n",
				"GET /events?access_token=" + secret + " HTTP/9.9\r\nHost: h\r\n\r\n",
				"GET /events?access_token=" + secret + "\r\n\r\n",
				"GET  /events?access_token=" + secret + " x HTTP/1.1\r\n\r\n",
				"GET /v1/nodes?access_token=" + secret + " HTTP/1.1\r\nHost: h h\r\n\r\n",
				"GET http://user:" + secret + "@h:x/events HTTP/1.1\r\nHost: h\r\n\r\n",
				"G\u0003T /events?access_token=" + secret + " HTTP/1.1\r\nHost: h\r\n\r\n",
				"POST /v1/messages?access_token=" + secret + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + secret
						+ "\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{x}",
				"POST /v1/messages HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + secret
						+ "\r\nTransfer-Encoding: chunked, xchunked\r\n\r\nzz\r\n",
				"POST /events/ack HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\nAuthorization: Bearer " + secret
						+ "\r\n\r\n",
				get + secret + ": x\r\n\r\n", get + "X-Api-Key: " + secret + "\r\nHost: twice\r\n\r\n",
				get + "Proxy-Authorization: Basic " + secret + "\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
				secret + " /events HTTP/1.1\r\nHost: h\r\n\r\n", "GET /events " + secret + "\r\nHost: h\r\n\r\n",
				"GET /events HTTP/1.1\r\nHost: " + secret + "@h:x\r\n\r\n",
				"POST /v1/messages HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;" + secret + "=\""
						+ secret + "\"\r\n{x}\r\n0\r\n" + secret + ": " + secret + "\r\n\r\n",
				"POST /events/ack HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;" + secret
						+ "\r\n{x}\r\n0\r\n" + secret + "\r\n\r\n",
				"POST /events/close HTTP/1.1\r\nHost: h\r\nContent-Length: " + (secret.length() + 9)
						+ "\r\n\r\n{\"key\":\"" + secret + "\"",
				get + "X: " + "y".repeat(70_000) + "\r\nAuthorization: Bearer " + secret + "\r\n\r\n");
	}

}
