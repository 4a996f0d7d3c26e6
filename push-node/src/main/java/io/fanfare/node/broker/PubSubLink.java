package io.fanfare.node.broker;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.Failures;
import io.fanfare.redis.LinkFollower;
import io.fanfare.redis.LinkLifecycle;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisServer;
import io.fanfare.redis.SupervisedLink;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's one pub/sub connection: everything that reaches it comes over this, in one
 * order. Remade whenever it ends, with all subscriptions sent again and confirmed before
 * the node learns of it.
 * <p>
 * All state belongs to the worker of the link. What that worker, or Lettuce's while it
 * reads, throws is noted: it ends at most the present connection, never the link.
 */
public final class PubSubLink implements AutoCloseable, LinkFollower {

	private static final Logger log = LoggerFactory.getLogger(PubSubLink.class);

	/** How long Redis may take from one answer to the next, while subscriptions wait. */
	private static final Duration CONFIRM_TIMEOUT = Duration.ofSeconds(5);

	/** How long the command link may wait for this one to go down. */
	private static final Duration FOLLOW_TIMEOUT = Duration.ofSeconds(2);

	private final RedisClient client;

	private final String node;

	private final byte[] nodeChannel;

	private final RedisKeys keys;

	private final CommandLink commands;

	private final MessageSink sink;

	private final Probe probe;

	private final FrameReader frames;

	private final Scheduler scheduler;

	private final Errors errors;

	private final SupervisedLink<StatefulRedisPubSubConnection<byte[], byte[]>, PubSubSession> link;

	private final Subscriptions subscriptions = new Subscriptions();

	/** The connection that is there, until its end was noticed by the link's worker. */
	private @Nullable PubSubSession session;

	/** How many connections there were. */
	private long number;

	/** Whether what is due is about to be sent. */
	private boolean flushing;

	/** Guards what this link follows and whether it is up, as both are to agree. */
	private final Object gate = new Object();

	/** The server that the command link reached last. */
	private @Nullable RedisServer followed;

	/** The server that this link was up on last. */
	private @Nullable RedisServer server;

	private volatile boolean up;

	private volatile boolean closed;

	/**
	 * Makes the link; it connects once started.
	 * @param client the client, set up by {@code RedisClientOptions}
	 * @param keys the partition's keys
	 * @param node the node's identity
	 * @param commands the command link, which is notified of every id that arrives
	 * @param sink where everything goes
	 * @param probe what is notified of the probes that arrive
	 * @param scheduler runs what the link does
	 * @param errors notes what nothing else handles
	 * @param random spreads reconnects of many nodes
	 */
	public PubSubLink(RedisClient client, RedisKeys keys, String node, CommandLink commands, MessageSink sink,
			Probe probe, Scheduler scheduler, Errors errors, RandomGenerator random) {
		this.client = client;
		this.keys = keys;
		this.node = node;
		this.nodeChannel = keys.nodeChannel(node);
		this.commands = commands;
		this.sink = sink;
		this.probe = probe;
		this.frames = new FrameReader(keys, this.nodeChannel, commands, sink, probe, errors);
		this.scheduler = scheduler;
		this.errors = errors;
		this.link = new SupervisedLink<>("pubsub", new Supervision(), commands.refusals(), scheduler, errors, random);
	}

	/** Makes a link of its own to another partition of the same Redis. */
	public PubSubLink to(RedisKeys partition, CommandLink itsCommands, MessageSink itsSink, Probe itsProbe,
			RandomGenerator random) {
		return new PubSubLink(this.client, partition, this.node, itsCommands, itsSink, itsProbe, this.scheduler,
				this.errors, random);
	}

	/** Connects and subscribes. */
	public void start() {
		execute(() -> this.subscriptions.want(this.nodeChannel,
				(confirmed) -> log.debug("redis=listening link={}", confirmed)));
		this.link.start();
		this.commands.follow(this);
	}

	/**
	 * Returns whether everything is subscribed.
	 * @return whether it is
	 */
	public boolean isUp() {
		return this.up;
	}

	/**
	 * Asks for a topic.
	 * @param topic the topic
	 * @param confirmed receives the number of each link on which Redis confirmed the
	 * subscription that this call asked for, from the link's own worker; where it was
	 * wanted when the link began, before {@link MessageSink#linkUp}
	 */
	public void subscribe(ChannelName topic, LongConsumer confirmed) {
		byte[] channel = this.keys.topicChannel(topic);
		execute(() -> {
			this.subscriptions.want(channel, confirmed);
			flushSoon();
		});
	}

	/**
	 * Gives a topic up.
	 * @param topic the topic
	 * @param confirmed what was handed to {@link #subscribe}
	 */
	public void unsubscribe(ChannelName topic, LongConsumer confirmed) {
		byte[] channel = this.keys.topicChannel(topic);
		execute(() -> {
			this.subscriptions.giveUp(channel, confirmed);
			flushSoon();
			if (this.session != null) {
				upIfConfirmed(this.session);
			}
		});
	}

	/** Gives the connection up and makes a new one: nothing arrives over it any more. */
	void restart(String reason) {
		execute(() -> {
			if (this.session != null) {
				this.link.end(this.session, reason);
			}
		});
	}

	@Override
	public void reached(RedisServer reached) {
		boolean wasUp;
		synchronized (this.gate) {
			this.followed = reached;
			wasUp = this.up;
		}
		CompletableFuture<Void> followed = new CompletableFuture<>();
		execute(() -> follow(reached));
		// Behind the end of the connection, which may be behind that.
		execute(() -> execute(() -> followed.complete(null)));
		if (wasUp && !this.closed) {
			followed.orTimeout(FOLLOW_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS).join();
		}
	}

	@Override
	public void left() {
		restart("there is another master");
	}

	private void follow(RedisServer reached) {
		PubSubSession current = this.session;
		if (current == null) {
			return;
		}
		RedisServer present = this.server;
		if (!reached.run().equals(current.run())) {
			this.link.end(current, "the command link reached another server");
		}
		else if (this.up && present != null && reached.dataLossFloor() > present.dataLossFloor()) {
			this.link.end(current, "Redis lost data meanwhile");
		}
		else {
			upIfConfirmed(current);
		}
	}

	/** Runs something on the link's worker; what it throws ends the connection. */
	private void execute(Runnable task) {
		this.link.execute(() -> {
			PubSubSession before = this.session;
			if (!this.errors.run("link-pubsub", task) && before != null) {
				this.link.end(before, "an error, see above");
			}
		});
	}

	/** What is asked for at once goes in few commands. */
	private void flushSoon() {
		if (!this.flushing && this.session != null) {
			this.flushing = true;
			execute(this::flush);
		}
	}

	private void flush() {
		this.flushing = false;
		PubSubSession to = this.session;
		Subscriptions.Command next;
		while (to != null && (next = this.subscriptions.next()) != null) {
			if (this.subscriptions.unanswered() == next.channels().length) {
				to.progressed();
			}
			send(to, next);
		}
	}

	private void send(PubSubSession to, Subscriptions.Command command) {
		RedisFuture<Void> sent = command.subscribe() ? to.connection().async().subscribe(command.channels())
				: to.connection().async().unsubscribe(command.channels());
		sent.whenComplete((done, failure) -> {
			if (failure != null) {
				this.commands.refusals().noteIfRefused(failure, "subscribe");
				this.link.end(to, "a subscription was not answered: " + Failures.describe(failure));
			}
		});
	}

	/** Called by Lettuce's event loop. */
	private void answeredSoon(PubSubSession by) {
		execute(() -> answered(by));
	}

	private void answered(PubSubSession by) {
		by.takeAnswers();
		byte[] channel;
		while ((channel = by.nextAnswer()) != null) {
			if (this.session == by) {
				by.progressed();
				this.subscriptions.answered(channel);
			}
		}
		if (this.session == by) {
			flush();
			upIfConfirmed(by);
		}
	}

	/** Up is what is confirmed on the server that the command link reached. */
	private void upIfConfirmed(PubSubSession by) {
		if (this.up || !this.subscriptions.isComplete()) {
			return;
		}
		RedisServer reached;
		synchronized (this.gate) {
			reached = this.followed;
			if (reached == null) {
				return;
			}
			this.up = reached.run().equals(by.run());
		}
		if (!this.up && !this.commands.isUp()) {
			// It may be about to reach this one: it will report.
			log.debug("redis=waiting link=pubsub number={}", this.number);
		}
		else if (!this.up) {
			this.commands.followerReached(by.run());
			this.link.end(by, "it reached another server than the command link");
		}
		else {
			log.info("redis=listening link=pubsub number={} subscriptions={}", this.number, this.subscriptions.size());
			if (this.server != null && !this.server.equals(reached)) {
				this.sink.serverChanged(reached.dataLossFloor());
			}
			this.server = reached;
			this.sink.linkUp(this.number);
			this.probe.linkUp();
		}
	}

	private void ended(PubSubSession session) {
		session.end();
		this.session = null;
		this.subscriptions.end();
		try {
			if (this.up) {
				// Before it counts as down: then the command link may be up on another
				// server.
				this.errors.run("link-pubsub", this.probe::linkDown);
				this.sink.linkDown();
			}
		}
		finally {
			synchronized (this.gate) {
				this.up = false;
			}
		}
	}

	@Override
	public void close() {
		this.closed = true;
		this.up = false;
		PubSubSession current = this.link.session();
		if (current != null) {
			current.end();
		}
		this.link.close();
	}

	/** How the connection is made. Called by the link's worker. */
	private final class Supervision
			implements LinkLifecycle<StatefulRedisPubSubConnection<byte[], byte[]>, PubSubSession> {

		@Override
		public StatefulRedisPubSubConnection<byte[], byte[]> connect() {
			return PubSubLink.this.client.connectPubSub(ByteArrayCodec.INSTANCE);
		}

		@Override
		public PubSubSession greet(StatefulRedisPubSubConnection<byte[], byte[]> connection)
				throws ExecutionException, TimeoutException, InterruptedException {
			PubSubSession made = new PubSubSession(connection, RedisServer.runOf(connection), PubSubLink.this.frames,
					PubSubLink.this::answeredSoon, PubSubLink.this.scheduler.ticker());
			connection.addListener(made);
			return made;
		}

		@Override
		public void began(PubSubSession made) {
			PubSubLink.this.session = made;
			PubSubLink.this.number++;
			PubSubLink.this.subscriptions.begin(PubSubLink.this.number);
			flush();
		}

		@Override
		public boolean isServing(PubSubSession present) {
			return PubSubLink.this.up;
		}

		@Override
		public CompletionStage<?> check(StatefulRedisPubSubConnection<byte[], byte[]> connection,
				PubSubSession present) {
			if (PubSubLink.this.subscriptions.unanswered() > 0 && PubSubLink.this.scheduler.ticker().nanoTime()
					- present.progressedNanos() > CONFIRM_TIMEOUT.toNanos()) {
				PubSubLink.this.link.end(present, "subscriptions were not confirmed in time");
			}
			present.forgetHeard();
			return connection.async().ping();
		}

		@Override
		public boolean hasReceived(PubSubSession present) {
			return present.isHeard();
		}

		@Override
		public void ended(PubSubSession session) {
			PubSubLink.this.ended(session);
		}

	}

}
