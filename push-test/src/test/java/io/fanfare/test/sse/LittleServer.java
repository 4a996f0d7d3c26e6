package io.fanfare.test.sse;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * A server for one connection at a time, on which the test writes every byte itself.
 */
final class LittleServer implements AutoCloseable {

	private final ServerSocket server;

	LittleServer() throws IOException {
		this.server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
		this.server.setSoTimeout(10_000);
	}

	SseRequest request(String path) {
		return SseClient.request("127.0.0.1", this.server.getLocalPort(), path);
	}

	SseClient connect() {
		return SseClient.connect("127.0.0.1", this.server.getLocalPort());
	}

	Peer accept() throws IOException {
		Socket socket = this.server.accept();
		socket.setTcpNoDelay(true);
		socket.setSoTimeout(10_000);
		return new Peer(socket);
	}

	@Override
	public void close() throws IOException {
		this.server.close();
	}

	record Peer(Socket socket) implements AutoCloseable {

		static final String STREAM = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream;charset=utf-8\r\n"
				+ "Transfer-Encoding: chunked\r\n\r\n";

		static final String GZIP_STREAM = STREAM.replace("\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n");

		String readRequest() throws IOException {
			StringBuilder request = new StringBuilder();
			InputStream in = this.socket.getInputStream();
			while (request.indexOf("\r\n\r\n") < 0) {
				int next = in.read();
				if (next < 0) {
					break;
				}
				request.append((char) next);
			}
			return request.toString();
		}

		Peer write(String text) throws IOException {
			this.socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
			return this;
		}

		Peer chunk(String text) throws IOException {
			int length = text.getBytes(StandardCharsets.UTF_8).length;
			return write(Integer.toHexString(length) + "\r\n" + text + "\r\n");
		}

		Peer chunk(byte[] bytes) throws IOException {
			write(Integer.toHexString(bytes.length) + "\r\n");
			this.socket.getOutputStream().write(bytes);
			return write("\r\n");
		}

		@Override
		public void close() throws IOException {
			this.socket.close();
		}

	}

}
