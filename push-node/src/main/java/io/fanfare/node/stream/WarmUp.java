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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import io.fanfare.node.admission.Admission;
import io.fanfare.node.auth.TokenVerifier;
import io.fanfare.node.broker.Probe;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.catchup.RedisHistory;
import io.fanfare.node.connection.CatchUpEvents;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.FrameRouter;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.observability.StreamMetrics;
import io.fanfare.node.presence.RedisOwnership;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.TokenAudience;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.ScratchPartition;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.ticket.Tickets;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the JVM compile what opening a stream takes before a client waits for it: opens
 * and closes streams, new and resumed ones, and publishes to them, over a stream port of
 * its own on the loopback address and a {@link ScratchPartition}, for as long as it is
 * notified.
 * <p>
 * All of it is the real thing, but stands for itself: its tokens are signed with a secret
 * that exists nowhere else, and its links, registry, loops and counters are thrown away.
 * Whatever goes wrong ends it, above all a Redis that does not answer, and the node
 * starts all the same.
 */
final class WarmUp {

	private static final Logger log = LoggerFactory.getLogger(WarmUp.class);

	/** Streams that are open at once. */
	private static final int BATCH = 32;

	/** Messages to each batch. */
	private static final int BROADCASTS = 4;

	/** Streams after which nothing of it gets faster. */
	private static final int ENOUGH = 50_000;

	private static final Duration PATIENCE = Duration.ofSeconds(2);

	private static final int HISTORY = 100;

	private static final Duration HISTORY_AGE = Duration.ofSeconds(10);

	/** The same users come again and again, which is no mistake here. */
	private static final Presence.Twins REOPENED = new Presence.Twins(Integer.MAX_VALUE, Duration.ZERO,
			Integer.MAX_VALUE, Duration.ZERO);

	private final Duration duration;

	private final RequestHandler.Gate gate;

	private final StreamLoop.Node node;

	private final CommandLink commands;

	private final PubSubLink pubSub;

	private final RedisKeys installation;

	private final Scheduler scheduler;

	private final Clock clock;

	private int streams;

	/** Where a stream that resumes stopped. */
	private long cursor = MessageId.ZERO;

	/**
	 * Makes a warm-up.
	 * @param duration how long it may take, zero for none
	 * @param gate what requests of the node need
	 * @param node what the loops of the node share
	 * @param commands the node's command link
	 * @param pubSub the node's pub/sub link
	 * @param installation the keys of the installation
	 * @param scheduler the scheduler of the process
	 * @param clock the time of day
	 */
	WarmUp(Duration duration, RequestHandler.Gate gate, StreamLoop.Node node, CommandLink commands, PubSubLink pubSub,
			RedisKeys installation, Scheduler scheduler, Clock clock) {
		this.duration = duration;
		this.gate = gate;
		this.node = node;
		this.commands = commands;
		this.pubSub = pubSub;
		this.installation = installation;
		this.scheduler = scheduler;
		this.clock = clock;
	}

	/**
	 * Runs it, on the calling thread; it fails in the log alone.
	 * @return how many streams were opened
	 */
	int run() {
		if (!this.duration.isPositive()) {
			return 0;
		}
		long began = this.scheduler.ticker().nanoTime();
		try {
			open(began + this.duration.toNanos());
			log.info("warm-up=done streams={} ms={}", this.streams,
					(this.scheduler.ticker().nanoTime() - began) / 1_000_000);
		}
		catch (IOException | JOSEException | ExecutionException | TimeoutException | RuntimeException ex) {
			log.warn("warm-up=failed streams={} reason=\"{}\"", this.streams, ex.toString());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return this.streams;
	}

	private void open(long deadline)
			throws IOException, JOSEException, ExecutionException, TimeoutException, InterruptedException {
		try (ScratchPartition scratch = ScratchPartition.open(this.commands, this.installation, this.duration);
				Probe probe = new Probe(new Nodes(scratch.link(), scratch.keys()), this.gate.identity().value(),
						Probe.Settings.DEFAULT, this.scheduler, this.node.errors())) {
			open(scratch, probe, deadline);
		}
	}

	private void open(ScratchPartition scratch, Probe probe, long deadline)
			throws IOException, JOSEException, ExecutionException, TimeoutException, InterruptedException {
		byte[] key = new byte[TokenVerifier.MIN_SECRET_BYTES];
		new SecureRandom().nextBytes(key);
		String secret = HexFormat.of().formatHex(key);
		String identity = this.gate.identity().value();
		CommandLink link = scratch.link();
		RedisKeys keys = scratch.keys();
		Connections connections = new Connections(identity, 2 * BATCH, new SecureRandom());
		Admission admission = new Admission(connections, this.gate.admission().settings(), (address) -> null,
				this.scheduler.ticker(), this.node.errors());
		Presence presence = new Presence(link, keys, new Presence.Times(this.node.lease(), ScratchPartition.REST),
				Presence.UserLimits.NONE, REOPENED);
		History history = new History(link, keys, HISTORY_AGE, this.node.errors());
		StreamSettings settings = this.gate.settings().onLoopback();
		try (PubSubLink listener = this.pubSub.to(keys, link, new FrameRouter(connections), probe,
				this.node.random())) {
			StreamLoop.Node shared = new StreamLoop.Node(identity, this.node.settings(), this.node.renewInterval(),
					this.node.lease(), this.node.noticeInterval(),
					new RedisOwnership(link, presence, new Tickets(link, keys, new SecureRandom()), identity),
					new CatchUp(new RedisHistory(history, this.scheduler), this.clock),
					StreamConfiguration.upstream(listener),
					new StreamMetrics(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT), admission, connections,
							this.clock),
					CatchUpEvents.NONE, connections, this.node.random(), this.node.errors(), this.node.budget(),
					this.node.memory());
			StreamPort port = new StreamPort(settings, this.gate.identity().name() + "-warm-up",
					(executor) -> new StreamLoop(executor, shared));
			try {
				connections.use(port.loops());
				port.bind(new RequestHandler.Gate(settings, this.gate.maxHistory(),
						new TokenVerifier(secret, Duration.ZERO, this.clock), this.gate.cors(), this.gate.answers(),
						this.gate.proxies(), null, admission, connections, this.gate.forwards(), this.gate.tickets(),
						this.gate.identity(), this.gate.doctor()));
				port.loops().forEach(StreamLoop::start);
				listener.start();
				awaitUp(listener);
				InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port.port());
				List<String> tokens = tokens(secret);
				Publisher publisher = new Publisher(link, keys, HISTORY, HISTORY_AGE);
				while (this.scheduler.ticker().nanoTime() - deadline < 0 && this.streams < ENOUGH
						&& !Thread.currentThread().isInterrupted()) {
					batch(address, tokens, publisher);
				}
			}
			finally {
				port.unbind();
				connections.stop(CloseReason.DRAIN)
					.completeOnTimeout(null, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
					.join();
				port.stop();
			}
		}
	}

	private void awaitUp(PubSubLink listener) {
		long began = this.scheduler.ticker().nanoTime();
		while (!listener.isUp() && !Thread.currentThread().isInterrupted()
				&& this.scheduler.ticker().nanoTime() - began < PATIENCE.toNanos()) {
			LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
		}
	}

	private void batch(InetSocketAddress address, List<String> tokens, Publisher publisher)
			throws IOException, ExecutionException, TimeoutException, InterruptedException {
		List<Socket> open = new ArrayList<>(BATCH);
		try {
			for (int i = 0; i < BATCH; i++) {
				Socket socket = new Socket();
				open.add(socket);
				socket.setTcpNoDelay(true);
				socket.setSoTimeout((int) PATIENCE.toMillis());
				socket.connect(address, (int) PATIENCE.toMillis());
				socket.getOutputStream().write(request(i, tokens.get(i), this.cursor));
			}
			byte[] answer = new byte[4096];
			for (Socket socket : open) {
				int length = socket.getInputStream().read(answer);
				if (length < 0
						|| !new String(answer, 0, length, StandardCharsets.US_ASCII).startsWith("HTTP/1.1 200")) {
					throw new IOException("A stream was answered "
							+ new String(answer, 0, Math.max(0, length), StandardCharsets.US_ASCII).lines()
								.findFirst()
								.orElse("nothing"));
				}
				this.streams++;
			}
			if (publish(publisher)) {
				for (Socket socket : open) {
					socket.getInputStream().read(answer);
				}
			}
		}
		finally {
			for (Socket socket : open) {
				socket.close();
			}
		}
	}

	/** The next streams resume before the last of these. */
	private boolean publish(Publisher publisher) throws ExecutionException, TimeoutException, InterruptedException {
		boolean stored = false;
		for (int i = 0; i < BROADCASTS; i++) {
			Envelope message = new Envelope(EventName.DEFAULT,
					"{\"text\":\"warm-up\"}".getBytes(StandardCharsets.UTF_8), this.clock.millis(), 0, false, null);
			if (publisher.publish(List.of(ChannelName.ALL), message, null)
				.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS) instanceof Publisher.Result.Stored result) {
				this.cursor = (i == 0) ? result.receipts().getFirst().id() : this.cursor;
				stored = true;
			}
		}
		return stored;
	}

	/** Like a browser's; half of them resume, and half have their token in the query. */
	private static byte[] request(int number, String token, long cursor) {
		boolean resumes = number % 2 == 0 && cursor != MessageId.ZERO;
		boolean byQuery = number % 4 < 2;
		return ("GET /events?client=page-" + number + (byQuery ? "&access_token=" + token : "") + " HTTP/1.1\r\n"
				+ "Host: localhost\r\nConnection: keep-alive\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\n"
				+ (byQuery ? "" : "Authorization: Bearer " + token + "\r\n")
				+ (resumes ? "Last-Event-ID: " + MessageId.format(cursor) + "\r\n" : "")
				+ "Origin: http://localhost\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en\r\n"
				+ "User-Agent: Mozilla/5.0 (fanfare warm-up)\r\n\r\n")
			.getBytes(StandardCharsets.US_ASCII);
	}

	private List<String> tokens(String secret) throws JOSEException {
		List<String> tokens = new ArrayList<>(BATCH);
		MACSigner signer = new MACSigner(secret);
		long now = this.clock.instant().getEpochSecond();
		long expires = now + Duration.ofHours(1).toSeconds();
		for (int i = 0; i < BATCH; i++) {
			JWSObject token = new JWSObject(new JWSHeader(JWSAlgorithm.HS256),
					new Payload("{\"sub\":\"warm-up-" + i + "\",\"iat\":" + now + ",\"exp\":" + expires + ",\"aud\":\""
							+ TokenAudience.STREAM + "\",\"channels\":[\"*\"]}"));
			token.sign(signer);
			tokens.add(token.serialize());
		}
		return tokens;
	}

}
