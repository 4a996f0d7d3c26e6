package io.fanfare.local;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.test.process.Ports;

/**
 * A wire between a client and a server on this machine that can be cut. It keeps what
 * clients sent, to see what a browser really asks for.
 */
final class TcpRelay implements AutoCloseable {

	private static final Pattern OPEN = Pattern.compile("GET /(?:events|sse)\\b.*?\r\n\r\n", Pattern.DOTALL);

	private static final Pattern CURSOR = Pattern.compile("\r\nLast-Event-ID: ([^\r]*)\r\n", Pattern.CASE_INSENSITIVE);

	private final int port = Ports.free();

	private final int target;

	/** Guards what follows. */
	private final Object monitor = new Object();

	private final List<Wire> wires = new ArrayList<>();

	private final List<ByteArrayOutputStream> sent = new ArrayList<>();

	private ServerSocket listener;

	TcpRelay(int target) {
		this.target = target;
		accept();
	}

	private record Wire(Socket client, Socket server) {

		void reset() {
			reset(this.client);
			reset(this.server);
		}

		private static void reset(Socket socket) {
			try {
				socket.setSoLinger(true, 0);
				socket.close();
			}
			catch (IOException ignored) {
				// gone already
			}
		}

	}

	int port() {
		return this.port;
	}

	/** Resets all connections; new ones are taken. */
	void cut() {
		synchronized (this.monitor) {
			this.wires.forEach(Wire::reset);
			this.wires.clear();
		}
	}

	/** Resets all connections and takes no more until {@link #accept()}. */
	void refuse() {
		synchronized (this.monitor) {
			try {
				this.listener.close();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
			cut();
		}
	}

	/** Takes connections again. */
	void accept() {
		synchronized (this.monitor) {
			try {
				ServerSocket opened = new ServerSocket();
				opened.setReuseAddress(true);
				opened.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.port));
				this.listener = opened;
				Thread.ofVirtual().start(() -> take(opened));
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}
	}

	/**
	 * The cursors with which streams were asked for so far, each as its header says;
	 * empty where there was none.
	 */
	List<String> opens() {
		List<String> cursors = new ArrayList<>();
		synchronized (this.monitor) {
			for (ByteArrayOutputStream bytes : this.sent) {
				Matcher open = OPEN.matcher(bytes.toString(StandardCharsets.ISO_8859_1));
				while (open.find()) {
					Matcher cursor = CURSOR.matcher(open.group());
					cursors.add(cursor.find() ? cursor.group(1) : "");
				}
			}
		}
		return cursors;
	}

	@Override
	public void close() {
		refuse();
	}

	private void take(ServerSocket from) {
		try {
			while (true) {
				Socket client = from.accept();
				synchronized (this.monitor) {
					if (from.isClosed()) {
						new Wire(client, client).reset();
						return;
					}
					relay(client);
				}
			}
		}
		catch (IOException ignored) {
			// closed
		}
	}

	private void relay(Socket client) {
		Socket server = new Socket();
		Wire wire = new Wire(client, server);
		try {
			client.setTcpNoDelay(true);
			server.setTcpNoDelay(true);
			server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.target));
		}
		catch (IOException ex) {
			wire.reset();
			return;
		}
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		this.sent.add(bytes);
		this.wires.add(wire);
		Thread.ofVirtual().start(() -> pump(client, server, bytes));
		Thread.ofVirtual().start(() -> pump(server, client, null));
	}

	private void pump(Socket from, Socket to, ByteArrayOutputStream copy) {
		try {
			InputStream in = from.getInputStream();
			OutputStream out = to.getOutputStream();
			byte[] buffer = new byte[8192];
			for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
				if (copy != null) {
					synchronized (this.monitor) {
						copy.write(buffer, 0, read);
					}
				}
				out.write(buffer, 0, read);
			}
			to.shutdownOutput();
		}
		catch (IOException ex) {
			new Wire(from, to).reset();
		}
	}

}
