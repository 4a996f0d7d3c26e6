package io.fanfare.test.network;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
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
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import io.fanfare.test.process.Ports;
import org.jspecify.annotations.Nullable;

/**
 * The wire between clients and one server on this machine, and everything that can happen
 * to a wire: it is cut, refuses, delays, swallows, or loses one of its ends without
 * telling the other. Two virtual threads a connection. All methods may be called from any
 * thread.
 */
public final class TcpProxy implements AutoCloseable {

	private static final int BUFFER = 16 * 1024;

	private final int port = Ports.free();

	private volatile int target;

	private final boolean tapped;

	private final ReentrantLock lock = new ReentrantLock();

	/** Signalled when traffic may flow again. Guards, with its lock, what follows. */
	private final Condition flows = this.lock.newCondition();

	private final Set<Wire> wires = new LinkedHashSet<>();

	private final List<ByteArrayOutputStream> sent = new ArrayList<>();

	private @Nullable ServerSocket listener;

	private boolean swallowing;

	private boolean stalled;

	private Duration delay = Duration.ZERO;

	/** Only connections whose clients send this are delayed; empty for all. */
	private String delayed = "";

	private TcpProxy(int target, boolean tapped) {
		this.target = target;
		this.tapped = tapped;
		accept();
	}

	/**
	 * A wire to a server.
	 * @param target the server's port
	 * @return the wire, whole
	 */
	public static TcpProxy to(int target) {
		return new TcpProxy(target, false);
	}

	/**
	 * A wire that keeps what clients send.
	 * @param target the server's port
	 * @return the wire, whole
	 */
	public static TcpProxy tapped(int target) {
		return new TcpProxy(target, true);
	}

	/**
	 * Leads connections that are made from now on to another server; those that are open
	 * stay.
	 * @param other the server's port
	 */
	public void redirect(int other) {
		this.target = other;
	}

	/**
	 * Where clients connect.
	 * @return the port
	 */
	public int port() {
		return this.port;
	}

	/** Resets all connections; new ones are taken. */
	public void cut() {
		locked(() -> {
			this.wires.forEach(Wire::reset);
			this.wires.clear();
		});
	}

	/** Resets all connections and takes no more until {@link #accept()}. */
	public void refuse() {
		locked(() -> {
			close(this.listener);
			this.listener = null;
			cut();
		});
	}

	/** Takes connections again. */
	public void accept() {
		locked(() -> {
			if (this.listener != null) {
				return;
			}
			try {
				ServerSocket opened = new ServerSocket();
				opened.setReuseAddress(true);
				opened.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.port), 1024);
				this.listener = opened;
				Thread.ofVirtual().name("proxy-" + this.port).start(() -> take(opened));
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		});
	}

	/**
	 * Swallows everything in both directions, as a firewall that drops packets:
	 * connections stay and new ones are taken, and nothing arrives. What is swallowed is
	 * lost; so {@link #restore()} resets the connections that were there.
	 */
	public void blackHole() {
		locked(() -> this.swallowing = true);
	}

	/**
	 * Takes nothing from the server for its clients, whose bytes still pass: its buffers
	 * fill.
	 */
	public void stall() {
		locked(() -> this.stalled = true);
	}

	/**
	 * Delays each piece in each direction; order stays.
	 * @param each how long
	 */
	public void delay(Duration each) {
		delay(each, "");
	}

	/**
	 * Delays each piece in each direction, on some connections only; order stays.
	 * @param each how long
	 * @param saying those connections whose clients send this from now on
	 */
	public void delay(Duration each, String saying) {
		locked(() -> {
			this.delay = each;
			this.delayed = saying;
		});
	}

	/**
	 * Ends all connections on the server's side without a word to the clients, whose
	 * bytes go nowhere from now on: half-open, as when a machine on the way forgot the
	 * connection. New ones are taken.
	 */
	public void loseServer() {
		locked(() -> {
			for (Wire wire : this.wires) {
				wire.dead = true;
				Wire.reset(wire.server);
			}
		});
	}

	/** Makes the wire whole: connections through which bytes were lost are reset. */
	public void restore() {
		locked(() -> {
			if (this.swallowing) {
				cut();
			}
			this.swallowing = false;
			this.stalled = false;
			this.delay = Duration.ZERO;
			this.wires.forEach((wire) -> wire.slow = false);
			this.wires.removeIf((wire) -> {
				if (wire.dead) {
					wire.reset();
				}
				return wire.dead;
			});
			this.flows.signalAll();
			accept();
		});
	}

	/**
	 * What clients sent, a text a connection, where the wire is tapped.
	 * @return the bytes, read as ISO 8859-1
	 */
	public List<String> requests() {
		List<String> texts = new ArrayList<>();
		locked(() -> this.sent.forEach((bytes) -> texts.add(bytes.toString(StandardCharsets.ISO_8859_1))));
		return texts;
	}

	@Override
	public void close() {
		refuse();
		locked(() -> {
			this.stalled = false;
			this.flows.signalAll();
		});
	}

	private void take(ServerSocket from) {
		try {
			while (true) {
				Socket client = from.accept();
				Wire wire = new Wire(client);
				locked(() -> {
					if (from.isClosed()) {
						wire.reset();
					}
					else {
						connect(wire);
					}
				});
			}
		}
		catch (IOException ignored) {
			// closed
		}
	}

	private void connect(Wire wire) {
		try {
			wire.client.setTcpNoDelay(true);
			if (!this.swallowing) {
				wire.server.setTcpNoDelay(true);
				wire.server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.target), 1000);
			}
		}
		catch (IOException ex) {
			wire.reset();
			return;
		}
		this.wires.add(wire);
		ByteArrayOutputStream tap = this.tapped ? new ByteArrayOutputStream() : null;
		if (tap != null) {
			this.sent.add(tap);
		}
		Thread.ofVirtual().start(() -> pump(wire, wire.client, wire.server, tap));
		if (this.swallowing) {
			wire.directions = 1;
		}
		else {
			Thread.ofVirtual().start(() -> pump(wire, wire.server, wire.client, null));
		}
	}

	private void pump(Wire wire, Socket from, Socket to, @Nullable ByteArrayOutputStream tap) {
		boolean toClient = to == wire.client;
		try {
			InputStream in = from.getInputStream();
			byte[] buffer = new byte[BUFFER];
			for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
				int length = read;
				if (tap != null) {
					locked(() -> tap.write(buffer, 0, length));
				}
				if (!toClient) {
					recognize(wire, buffer, length);
				}
				if (passes(wire, toClient)) {
					OutputStream out = to.getOutputStream();
					out.write(buffer, 0, length);
				}
			}
			if (passes(wire, toClient)) {
				to.shutdownOutput();
			}
		}
		catch (IOException ex) {
			if (!wire.dead || from == wire.client) {
				wire.reset();
			}
		}
		locked(() -> ended(wire));
	}

	/** One direction has ended. What went half-open stays until the wire is restored. */
	private void ended(Wire wire) {
		if (--wire.directions == 0 && !this.swallowing) {
			close(wire.client);
			close(wire.server);
		}
		if (wire.client.isClosed() || wire.server.isClosed() && !wire.dead) {
			this.wires.remove(wire);
		}
	}

	private void recognize(Wire wire, byte[] bytes, int length) {
		locked(() -> {
			if (!wire.slow && !this.delay.isZero()) {
				wire.slow = new String(bytes, 0, length, StandardCharsets.ISO_8859_1).contains(this.delayed);
			}
		});
	}

	/** Waits as long as the wire wants. Returns whether bytes arrive. */
	private boolean passes(Wire wire, boolean toClient) {
		this.lock.lock();
		try {
			while (this.stalled && toClient && !wire.client.isClosed()) {
				this.flows.await(100, TimeUnit.MILLISECONDS);
			}
			long left = wire.slow ? this.delay.toNanos() : 0;
			while (left > 0 && !wire.client.isClosed()) {
				left = this.flows.awaitNanos(left);
			}
			return !this.swallowing && !wire.dead;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
		finally {
			this.lock.unlock();
		}
	}

	private static void close(@Nullable Closeable socket) {
		try {
			if (socket != null) {
				socket.close();
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void locked(Runnable action) {
		this.lock.lock();
		try {
			action.run();
		}
		finally {
			this.lock.unlock();
		}
	}

}
