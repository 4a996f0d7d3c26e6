package io.fanfare.node.stream;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import io.fanfare.node.admission.Admission;
import io.fanfare.node.auth.TokenVerifier;
import io.fanfare.node.broker.Message;
import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.FrameRouter;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.observability.StreamMetrics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.TokenAudience;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.redis.presence.Presence;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the JVM compile what opening a stream takes before anybody waits for it: opens and
 * closes streams, new and resumed ones, and broadcasts to them, over a stream port of its
 * own on the loopback address, for as long as it is told.
 * <p>
 * That port is the real thing, but what stands behind it is not: its tokens are signed
 * with a secret that exists nowhere else, its registry, loops and counters are thrown
 * away, and {@link Rehearsal} stands for Redis, which is asked but changes nothing. So it
 * leaves no trace. Whatever goes wrong ends it, and the node starts all the same.
 */
final class WarmUp {

	private static final Logger log = LoggerFactory.getLogger(WarmUp.class);

	/** Streams that are open at once. */
	private static final int BATCH = 32;

	private static final int BROADCASTS = 4;

	/** Streams after which nothing of it gets faster. */
	private static final int ENOUGH = 50_000;

	private static final Duration PATIENCE = Duration.ofSeconds(2);

	private static final long LINK = 1;

	private final Duration duration;

	private final RequestHandler.Gate gate;

	private final StreamLoop.Node node;

	private final Presence presence;

	private int streams;

	/**
	 * Makes a warm-up.
	 * @param duration how long it may take, zero for none
	 * @param gate what requests of the node need
	 * @param node what the loops of the node share
	 * @param presence asked by a script that does nothing
	 */
	WarmUp(Duration duration, RequestHandler.Gate gate, StreamLoop.Node node, Presence presence) {
		this.duration = duration;
		this.gate = gate;
		this.node = node;
		this.presence = presence;
	}

	/**
	 * Runs it, on the calling thread; it fails in the log alone.
	 * @return how many streams were opened
	 */
	int run() {
		if (!this.duration.isPositive()) {
			return 0;
		}
		long began = System.nanoTime();
		try {
			open();
			log.info("warm-up=done streams={} ms={}", this.streams, (System.nanoTime() - began) / 1_000_000);
		}
		catch (IOException | JOSEException | RuntimeException ex) {
			log.warn("warm-up=failed streams={} reason=\"{}\"", this.streams, ex.toString());
		}
		return this.streams;
	}

	private void open() throws IOException, JOSEException {
		byte[] key = new byte[TokenVerifier.MIN_SECRET_BYTES];
		new SecureRandom().nextBytes(key);
		String secret = HexFormat.of().formatHex(key);
		String identity = this.gate.identity().value();
		Connections connections = new Connections(identity, 2 * BATCH, new SecureRandom());
		Admission admission = new Admission(connections, this.gate.admission().settings(), (address) -> null,
				Ticker.system(), this.node.errors());
		Rehearsal rehearsal = new Rehearsal(this.presence, identity);
		StreamLoop.Node shared = new StreamLoop.Node(identity, this.node.settings(), this.node.renewInterval(),
				this.node.lease(), this.node.noticeInterval(), rehearsal, new CatchUp(rehearsal, Clock.systemUTC()),
				rehearsal,
				new StreamMetrics(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT), admission, connections,
						Clock.systemUTC()),
				connections, this.node.random(), this.node.errors(), this.node.budget(), this.node.memory());
		StreamSettings settings = this.gate.settings().forWarmUp();
		StreamPort port = new StreamPort(settings, this.gate.identity().name() + "-warm-up",
				(executor) -> new StreamLoop(executor, shared));
		try {
			connections.use(port.loops());
			port.bind(new RequestHandler.Gate(settings, this.gate.maxHistory(),
					new TokenVerifier(secret, Duration.ZERO, Clock.systemUTC()), this.gate.cors(), this.gate.answers(),
					this.gate.proxies(), null, admission, connections, this.gate.forwards(), this.gate.identity()));
			port.loops().forEach(StreamLoop::start);
			FrameRouter router = new FrameRouter(connections);
			router.linkUp(LINK);
			rehearsal.confirm(LINK);
			InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port.port());
			List<String> tokens = tokens(secret);
			long deadline = System.nanoTime() + this.duration.toNanos();
			while (System.nanoTime() - deadline < 0 && this.streams < ENOUGH
					&& !Thread.currentThread().isInterrupted()) {
				batch(address, tokens, rehearsal, router);
			}
		}
		finally {
			port.unbind();
			connections.stop(CloseReason.DRAIN);
			port.stop();
		}
	}

	private void batch(InetSocketAddress address, List<String> tokens, Rehearsal rehearsal, FrameRouter router)
			throws IOException {
		List<Socket> open = new ArrayList<>(BATCH);
		try {
			for (int i = 0; i < BATCH; i++) {
				Socket socket = new Socket();
				open.add(socket);
				socket.setTcpNoDelay(true);
				socket.setSoTimeout((int) PATIENCE.toMillis());
				socket.connect(address, (int) PATIENCE.toMillis());
				socket.getOutputStream().write(request(i, tokens.get(i), rehearsal.cursor()));
			}
			byte[] answer = new byte[4096];
			for (Socket socket : open) {
				int length = socket.getInputStream().read(answer);
				if (length < 0
						|| !new String(answer, 0, length, StandardCharsets.US_ASCII).startsWith("HTTP/1.1 200")) {
					throw new IOException("A stream was not opened");
				}
				this.streams++;
			}
			for (int i = 0; i < BROADCASTS; i++) {
				router.broadcast(message(rehearsal.nextId()));
			}
			for (Socket socket : open) {
				socket.getInputStream().read(answer);
			}
		}
		finally {
			for (Socket socket : open) {
				socket.close();
			}
		}
	}

	private static Message message(long id) {
		return Message.render(id, ChannelName.ALL, new Envelope(EventName.DEFAULT,
				"{\"text\":\"warm-up\"}".getBytes(StandardCharsets.UTF_8), MessageId.timestamp(id), 0, true, null));
	}

	/** Like a browser's; half of them resume, and half have their token in the query. */
	private static byte[] request(int number, String token, long cursor) {
		boolean resumes = number % 2 == 0;
		boolean byQuery = number % 4 < 2;
		return ("GET /events?client=page-" + number + (byQuery ? "&access_token=" + token : "") + " HTTP/1.1\r\n"
				+ "Host: localhost\r\nConnection: keep-alive\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n"
				+ (byQuery ? "" : "Authorization: Bearer " + token + "\r\n")
				+ (resumes ? "Last-Event-ID: " + MessageId.format(cursor) + "\r\n" : "")
				+ "Origin: http://localhost\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en\r\n"
				+ "User-Agent: Mozilla/5.0 (fanfare warm-up)\r\n\r\n")
			.getBytes(StandardCharsets.US_ASCII);
	}

	private static List<String> tokens(String secret) throws JOSEException {
		List<String> tokens = new ArrayList<>(BATCH);
		MACSigner signer = new MACSigner(secret);
		long expires = Clock.systemUTC().instant().plus(Duration.ofHours(1)).getEpochSecond();
		for (int i = 0; i < BATCH; i++) {
			JWSObject token = new JWSObject(new JWSHeader(JWSAlgorithm.HS256), new Payload("{\"sub\":\"warm-up-" + i
					+ "\",\"exp\":" + expires + ",\"aud\":\"" + TokenAudience.STREAM + "\",\"channels\":[\"*\"]}"));
			token.sign(signer);
			tokens.add(token.serialize());
		}
		return tokens;
	}

}
