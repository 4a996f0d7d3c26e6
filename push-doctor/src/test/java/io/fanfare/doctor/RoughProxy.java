package io.fanfare.doctor;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Passes bytes on to one server of this machine, and does to the answers what the usual
 * proxies cannot be made to do: it sends them on by full buffers, and ends them at an
 * age.
 */
final class RoughProxy implements AutoCloseable {

	private final ServerSocket listener;

	private final int target;

	private final int buffer;

	private final Duration age;

	private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

	private final ScheduledExecutorService ends = Executors.newSingleThreadScheduledExecutor();

	/**
	 * Listens.
	 * @param target the server's port
	 * @param buffer how many bytes of an answer are sent on at once; 0 for each as it
	 * comes
	 * @param age how old a connection becomes
	 */
	RoughProxy(int target, int buffer, Duration age) {
		this.target = target;
		this.buffer = buffer;
		this.age = age;
		try {
			this.listener = new ServerSocket();
			this.listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		Thread.ofVirtual().start(this::take);
	}

	/** Where clients connect. */
	int port() {
		return this.listener.getLocalPort();
	}

	private void take() {
		try {
			while (true) {
				Socket client = this.listener.accept();
				Socket server = new Socket(InetAddress.getLoopbackAddress(), this.target);
				client.setTcpNoDelay(true);
				server.setTcpNoDelay(true);
				this.sockets.add(client);
				this.sockets.add(server);
				Thread.ofVirtual().start(() -> pump(client, server, 0));
				Thread.ofVirtual().start(() -> pump(server, client, this.buffer));
				this.ends.schedule(() -> close(client, server), this.age.toMillis(), TimeUnit.MILLISECONDS);
			}
		}
		catch (IOException ignored) {
			// closed
		}
	}

	private void pump(Socket from, Socket to, int atOnce) {
		byte[] bytes = new byte[Math.max(atOnce, 8 * 1024)];
		try {
			InputStream in = from.getInputStream();
			OutputStream out = to.getOutputStream();
			int length = in.read(bytes);
			// Answers that are short are sent on when they end, for which it would have
			// to be understood.
			boolean held = atOnce > 0 && length > 0 && isEventStream(bytes, length);
			while (length > 0) {
				if (held) {
					length += in.readNBytes(bytes, length, atOnce - length);
				}
				out.write(bytes, 0, length);
				length = held ? in.readNBytes(bytes, 0, atOnce) : in.read(bytes);
			}
		}
		catch (IOException ignored) {
			// one of the two has gone
		}
		close(from, to);
	}

	private static boolean isEventStream(byte[] head, int length) {
		return new String(head, 0, length, StandardCharsets.ISO_8859_1).contains("text/event-stream");
	}

	private void close(Socket... both) {
		for (Socket socket : both) {
			try {
				socket.close();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
			this.sockets.remove(socket);
		}
	}

	@Override
	public void close() throws IOException {
		this.listener.close();
		this.ends.shutdownNow();
		close(this.sockets.toArray(Socket[]::new));
	}

}
