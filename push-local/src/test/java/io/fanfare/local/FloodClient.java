package io.fanfare.local;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;

/**
 * One client of a flood, with an address of its own machine. It asks and waits for the
 * answer, or asks and holds the connection. For one thread.
 */
final class FloodClient implements AutoCloseable {

	/** The status of a connection that was closed without an answer. */
	static final int CLOSED = 0;

	/** The status of a connection that was held and not answered. */
	static final int HELD = 1;

	private static final int PATIENCE_MS = 2_000;

	private static final int CONNECT_MS = 200;

	private static final int STATUS_BEGIN = "HTTP/1.1 ".length();

	private static final int STATUS_END = STATUS_BEGIN + 3;

	private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

	private final FloodedCluster cluster;

	private final String name;

	private final String address;

	private final RandomGenerator random;

	private final Map<Integer, LongAdder> statuses;

	private final Deque<Socket> held = new ArrayDeque<>();

	private final byte[] answer = new byte[4 * 1024];

	private int turns;

	/**
	 * A client that has not asked yet.
	 * @param cluster what it asks
	 * @param name what the names of its users begin with
	 * @param address its address
	 * @param random what it makes up
	 * @param statuses where it counts its answers
	 */
	FloodClient(FloodedCluster cluster, String name, String address, RandomGenerator random,
			Map<Integer, LongAdder> statuses) {
		this.cluster = cluster;
		this.name = name;
		this.address = address;
		this.random = random;
		this.statuses = statuses;
	}

	FloodedCluster cluster() {
		return this.cluster;
	}

	/** From 0, for one kind of request after the other. */
	int turn(int kinds) {
		return this.turns++ % kinds;
	}

	/** One of some users of its flood. */
	String user(int of) {
		return this.name + this.random.nextInt(of);
	}

	/** Random bytes as base64url. */
	String text(int bytes) {
		byte[] random = new byte[bytes];
		this.random.nextBytes(random);
		return BASE64.encodeToString(random);
	}

	/** Asks the node and waits for its answer. */
	void askNode(String request) {
		ask(this.cluster.node().port(), request);
	}

	/** Asks the API and waits for its answer. */
	void askApi(String request) {
		ask(this.cluster.api().port(), request);
	}

	private void ask(int port, String request) {
		try (Socket socket = connect(port, request)) {
			count(status(socket));
		}
		catch (IOException ex) {
			count(CLOSED);
		}
	}

	/**
	 * Asks and holds the connection, until others were asked after it.
	 * @param port of the node or of the API
	 * @param request the request, or the beginning of it
	 * @param most how many connections are held
	 */
	void hold(int port, String request, int most) {
		try {
			this.held.add(connect(port, request));
		}
		catch (IOException ex) {
			count(CLOSED);
		}
		while (this.held.size() > most) {
			leave(this.held.remove());
		}
	}

	private void leave(Socket socket) {
		try (socket) {
			count((socket.getInputStream().available() > 0) ? status(socket) : HELD);
		}
		catch (IOException ex) {
			count(CLOSED);
		}
	}

	private Socket connect(int port, String request) throws IOException {
		Socket socket = new Socket();
		try {
			socket.setTcpNoDelay(true);
			socket.setSoTimeout(PATIENCE_MS);
			socket.bind(new InetSocketAddress(this.address, 0));
			socket.connect(new InetSocketAddress("127.0.0.1", port), CONNECT_MS);
			socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
			return socket;
		}
		catch (IOException ex) {
			socket.close();
			throw ex;
		}
	}

	/** What is behind the status is of no interest to an attacker. */
	private int status(Socket socket) throws IOException {
		InputStream in = socket.getInputStream();
		int length = 0;
		while (length < STATUS_END) {
			int more = in.read(this.answer, length, this.answer.length - length);
			if (more < 0) {
				return CLOSED;
			}
			length += more;
		}
		return Integer.parseInt(new String(this.answer, STATUS_BEGIN, 3, StandardCharsets.US_ASCII));
	}

	private void count(int status) {
		this.statuses.computeIfAbsent(status, (any) -> new LongAdder()).increment();
	}

	@Override
	public void close() {
		this.held.forEach(this::leave);
		this.held.clear();
	}

}
