package io.fanfare.node.broker;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.redis.CommandLink;
import io.fanfare.protocol.redis.Failures;
import io.fanfare.protocol.redis.Frame;
import io.fanfare.protocol.redis.RedisKeys;
import io.fanfare.protocol.redis.RedisServer;
import io.fanfare.protocol.redis.SupervisedLink;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's one pub/sub connection: everything that reaches it comes over this, in one
 * order. Remade whenever it ends, with all subscriptions sent again and confirmed before
 * the node hears of it.
 * <p>
 * All state belongs to the thread of the link. What that thread, or Lettuce's while it
 * reads, throws is noted: it ends at most the present connection, never the link.
 */
public final class PubSubLink implements AutoCloseable, CommandLink.Follower {

	private static final Logger log = LoggerFactory.getLogger(PubSubLink.class);

	/**
	 * How long Redis may take to answer any of the subscriptions that wait; it may take
	 * longer for all of them.
	 */
	private static final Duration CONFIRM_TIMEOUT = Duration.ofSeconds(5);

	/** How long the command link may wait for this one to go down. */
	private static final Duration FOLLOW_TIMEOUT = Duration.ofSeconds(2);

	private final RedisClient client;

	private final byte[] nodeChannel;

	private final RedisKeys keys;

	/** How long the part of a topic's pub/sub channel is that all have in common. */
	private final int topicPrefix;

	private final CommandLink commands;

	private final MessageSink sink;

	private final Probe probe;

	private final Errors errors;

	private final SupervisedLink<StatefulRedisPubSubConnection<byte[], byte[]>, Session> link;

	private final Subscriptions subscriptions = new Subscriptions();

	/** The connection that is there, until its end was noticed by the link's thread. */
	private @Nullable Session session;

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
	 * @param commands the command link, which is told every id that arrives
	 * @param sink where everything goes
	 * @param probe what is told of the probes that arrive
	 * @param errors notes what nothing else handles
	 * @param random spreads reconnects of many nodes
	 */
	public PubSubLink(RedisClient client, RedisKeys keys, String node, CommandLink commands, MessageSink sink,
			Probe probe, Errors errors, RandomGenerator random) {
		this.client = client;
		this.keys = keys;
		this.nodeChannel = keys.nodeChannel(node);
		this.topicPrefix = keys.topicChannel(new ChannelName("")).length;
		this.commands = commands;
		this.sink = sink;
		this.probe = probe;
		this.errors = errors;
		this.link = new SupervisedLink<>("pubsub", new Supervision(), commands.refusals(), errors, random);
	}

	/** Connects and subscribes. */
	public void start() {
		execute(() -> this.subscriptions.want(this.nodeChannel,
				(confirmed) -> log.debug("redis=listening link={}", confirmed)));
		this.link.start();
		this.commands.follow(this);
	}

	/**
	 * Tells whether everything is subscribed.
	 * @return whether it is
	 */
	public boolean isUp() {
		return this.up;
	}

	/**
	 * Asks for a topic.
	 * @param topic the topic
	 * @param confirmed is told the number of each link on which Redis confirmed the
	 * subscription that this call asked for, from the link's own thread; where it was
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
		Session current = this.session;
		if (current == null) {
			return;
		}
		RedisServer present = this.server;
		if (!reached.run().equals(current.run)) {
			this.link.end(current, "the command link reached another server");
		}
		else if (this.up && present != null && reached.since() > present.since()) {
			this.link.end(current, "Redis lost data meanwhile");
		}
		else {
			upIfConfirmed(current);
		}
	}

	/** Runs something on the link's thread; what it throws ends the connection. */
	private void execute(Runnable task) {
		this.link.execute(() -> {
			Session before = this.session;
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
		Session to = this.session;
		Subscriptions.Command next;
		while (to != null && (next = this.subscriptions.next()) != null) {
			if (this.subscriptions.unanswered() == next.channels().length) {
				to.progressed();
			}
			send(to, next);
		}
	}

	private void send(Session to, Subscriptions.Command command) {
		RedisFuture<Void> sent = command.subscribe() ? to.connection.async().subscribe(command.channels())
				: to.connection.async().unsubscribe(command.channels());
		sent.whenComplete((done, failure) -> {
			if (failure != null) {
				this.commands.refusals().noteIfRefused(failure, "subscribe");
				this.link.end(to, "a subscription was not answered: " + Failures.describe(failure));
			}
		});
	}

	private void answered(Session by) {
		byte[] channel;
		while ((channel = by.answers.poll()) != null) {
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
	private void upIfConfirmed(Session by) {
		if (this.up || !this.subscriptions.isComplete()) {
			return;
		}
		RedisServer reached;
		synchronized (this.gate) {
			reached = this.followed;
			if (reached == null) {
				return;
			}
			this.up = reached.run().equals(by.run);
		}
		if (!this.up && !this.commands.isUp()) {
			// It may be about to reach this one: it will tell.
			log.debug("redis=waiting link=pubsub number={}", this.number);
		}
		else if (!this.up) {
			this.commands.followerReached(by.run);
			this.link.end(by, "it reached another server than the command link");
		}
		else {
			log.info("redis=listening link=pubsub number={} subscriptions={}", this.number, this.subscriptions.size());
			if (this.server != null && !this.server.equals(reached)) {
				this.sink.serverChanged(reached.since());
			}
			this.server = reached;
			this.sink.linkUp(this.number);
			this.probe.linkUp();
		}
	}

	private void ended(Session session) {
		session.over = true;
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
		Session current = this.link.session();
		if (current != null) {
			current.over = true;
		}
		this.link.close();
	}

	/** How the connection is made. Called by the link's thread. */
	private final class Supervision
			implements SupervisedLink.Lifecycle<StatefulRedisPubSubConnection<byte[], byte[]>, Session> {

		@Override
		public StatefulRedisPubSubConnection<byte[], byte[]> connect() {
			return PubSubLink.this.client.connectPubSub(ByteArrayCodec.INSTANCE);
		}

		@Override
		public Session greet(StatefulRedisPubSubConnection<byte[], byte[]> connection)
				throws ExecutionException, TimeoutException, InterruptedException {
			Session made = new Session(connection, RedisServer.runOf(connection));
			connection.addListener(made.messages);
			return made;
		}

		@Override
		public void began(Session made) {
			PubSubLink.this.session = made;
			PubSubLink.this.number++;
			PubSubLink.this.subscriptions.begin(PubSubLink.this.number);
			flush();
		}

		@Override
		public boolean isServing(Session present) {
			return PubSubLink.this.up;
		}

		@Override
		public CompletionStage<?> check(StatefulRedisPubSubConnection<byte[], byte[]> connection, Session present) {
			if (PubSubLink.this.subscriptions.unanswered() > 0
					&& System.nanoTime() - present.progressedAt > CONFIRM_TIMEOUT.toNanos()) {
				PubSubLink.this.link.end(present, "subscriptions were not confirmed in time");
			}
			present.heard = false;
			return connection.async().ping();
		}

		@Override
		public boolean isHeard(Session present) {
			return present.heard;
		}

		@Override
		public void ended(Session session) {
			PubSubLink.this.ended(session);
		}

	}

	/** One connection to Redis. Its listener runs on Lettuce's event loop. */
	private final class Session {

		private final StatefulRedisPubSubConnection<byte[], byte[]> connection;

		private final String run;

		private volatile boolean over;

		/** Whether anything came since the last check. */
		private volatile boolean heard;

		/** Channels whose SUBSCRIBE was answered. */
		private final Queue<byte[]> answers = new ConcurrentLinkedQueue<>();

		private final AtomicBoolean answering = new AtomicBoolean();

		/** When a subscription was answered last, or the first was sent. */
		private long progressedAt = System.nanoTime();

		private Session(StatefulRedisPubSubConnection<byte[], byte[]> connection, String run) {
			this.connection = connection;
			this.run = run;
		}

		private void progressed() {
			this.progressedAt = System.nanoTime();
		}

		private void heard() {
			if (!this.heard) {
				this.heard = true;
			}
		}

		/** What is thrown here would end Lettuce's reading. */
		private final RedisPubSubAdapter<byte[], byte[]> messages = new RedisPubSubAdapter<>() {
			@Override
			public void message(byte[] channel, byte[] bytes) {
				heard();
				if (!Session.this.over) {
					receive(channel, bytes);
				}
			}

			@Override
			public void subscribed(byte[] channel, long count) {
				heard();
				Session.this.answers.add(channel);
				if (Session.this.answering.compareAndSet(false, true)) {
					execute(() -> {
						Session.this.answering.set(false);
						answered(Session.this);
					});
				}
			}
		};

	}

	/** A frame that cannot be read, or that nothing takes, leaves no hole. */
	@SuppressWarnings("CatchThrowable")
	private void receive(byte[] channel, byte[] bytes) {
		try {
			dispatch(bytes);
		}
		catch (Throwable ex) {
			this.errors.note("frame", ex);
			this.errors.run("frame", () -> this.sink.unreadable(topicOf(channel)));
		}
	}

	/** The topic of a pub/sub channel, or null for the node's own. */
	private @Nullable ChannelName topicOf(byte[] channel) {
		return (Arrays.equals(channel, this.nodeChannel) || channel.length < this.topicPrefix) ? null : new ChannelName(
				new String(channel, this.topicPrefix, channel.length - this.topicPrefix, StandardCharsets.UTF_8));
	}

	private void dispatch(byte[] bytes) {
		Frame frame = Frame.decode(bytes);
		switch (frame) {
			case Frame.Published published -> {
				this.commands.observe(published.id());
				Message message = Message.render(published.id(), published.channel(), published.envelope());
				if (published.connection() != null) {
					this.sink.deliver(published.connection(), message);
				}
				else {
					this.sink.broadcast(message);
				}
			}
			case Frame.Kick kick -> this.sink.kick(kick);
			case Frame.Displacement displacement -> this.sink.displace(displacement);
			case Frame.Restored restored -> this.sink.restored(restored);
			case Frame.Hidden hidden -> this.sink.hidden(hidden);
			case Frame.Close close -> this.sink.close(close.connection());
			case Frame.Acknowledgement said -> this.sink.acknowledge(said.connection(), said.nonces());
			case Frame.Call call -> this.sink.call(call);
			case Frame.Probe arrived -> {
				this.commands.observe(arrived.id());
				this.probe.arrived(arrived.nonce());
				this.sink.pass(arrived.id());
			}
			case null -> this.errors.note("frame-unknown",
					new IllegalArgumentException("A frame of a kind that this version does not know"));
		}
	}

}
