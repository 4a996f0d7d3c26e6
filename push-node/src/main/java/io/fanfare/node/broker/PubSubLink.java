package io.fanfare.node.broker;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.redis.CommandLink;
import io.fanfare.protocol.redis.Failures;
import io.fanfare.protocol.redis.Frame;
import io.fanfare.protocol.redis.RedisKeys;
import io.fanfare.protocol.redis.RedisServer;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionStateAdapter;
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
 * All state belongs to one thread. A subscription counts as confirmed when the answers to
 * all SUBSCRIBEs sent for it on this connection have come: an answer may be that of an
 * earlier one, sent before an UNSUBSCRIBE.
 */
public final class PubSubLink implements AutoCloseable, CommandLink.Follower {

	private static final Logger log = LoggerFactory.getLogger(PubSubLink.class);

	/** Channels in one SUBSCRIBE. */
	private static final int BATCH = 500;

	private static final Duration CONFIRM_TIMEOUT = Duration.ofSeconds(5);

	/** How long the command link may wait for this one to go down. */
	private static final Duration FOLLOW_TIMEOUT = Duration.ofSeconds(2);

	private static final Duration MIN_BACKOFF = Duration.ofMillis(50);

	private static final Duration MAX_BACKOFF = Duration.ofSeconds(1);

	/** A link that held for so long is no failed attempt. */
	private static final Duration STEADY = Duration.ofSeconds(5);

	private final RedisClient client;

	private final RedisKeys keys;

	private final byte[] nodeChannel;

	private final CommandLink commands;

	private final MessageSink sink;

	private final Probe probe;

	private final RandomGenerator random;

	private final ScheduledExecutorService thread;

	/** Wanted topics, and those whose last answer is still to come. */
	private final Map<String, Subscription> subscriptions = new HashMap<>();

	private final ChannelName self;

	private @Nullable Session session;

	private long link;

	private Duration backoff = MIN_BACKOFF;

	private String lastFailure = "";

	private long upSince;

	/** Guards what this link follows and whether it is up, as both are to agree. */
	private final Object gate = new Object();

	/** The server that the command link reached last. */
	private @Nullable RedisServer followed;

	/** The server that this link was up on last. */
	private @Nullable RedisServer server;

	private volatile boolean up;

	/**
	 * Makes the link; it connects once started.
	 * @param client the client, set up by {@code RedisClientOptions}
	 * @param keys the partition's keys
	 * @param node the node's identity
	 * @param commands the command link, which is told every id that arrives
	 * @param sink where everything goes
	 * @param probe what is told of the probes that arrive
	 * @param random spreads reconnects of many nodes
	 */
	public PubSubLink(RedisClient client, RedisKeys keys, String node, CommandLink commands, MessageSink sink,
			Probe probe, RandomGenerator random) {
		this.client = client;
		this.keys = keys;
		this.nodeChannel = keys.nodeChannel(node);
		this.self = new ChannelName("node:" + node);
		this.commands = commands;
		this.sink = sink;
		this.probe = probe;
		this.random = random;
		this.thread = Executors
			.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("fanfare-pubsub").factory());
	}

	/** A channel on the present connection. */
	private static final class Subscription {

		private final ChannelName topic;

		private final byte[] channel;

		/**
		 * Who is told of each confirmation, by identity: one for each loop that wants it.
		 */
		private final List<LongConsumer> wanted = new ArrayList<>();

		/** SUBSCRIBEs sent on this connection and not answered yet. */
		private int unanswered;

		private boolean confirmed;

		private Subscription(ChannelName topic, byte[] channel) {
			this.topic = topic;
			this.channel = channel;
		}

	}

	/** Connects and subscribes. */
	public void start() {
		this.thread.execute(() -> {
			want(this.self, this.nodeChannel, (number) -> log.debug("redis=listening link={}", number));
			connect();
		});
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
	 * subscription that this call asked for, from the link's own thread, before
	 * {@link MessageSink#linkUp}
	 */
	public void subscribe(ChannelName topic, LongConsumer confirmed) {
		execute(() -> {
			Subscription subscription = want(topic, this.keys.topicChannel(topic), confirmed);
			if (subscription.confirmed) {
				confirmed.accept(this.link);
			}
			else if (subscription.wanted.size() == 1 && this.session != null) {
				send(this.session, List.of(subscription));
			}
		});
	}

	/**
	 * Gives a topic up.
	 * @param topic the topic
	 * @param confirmed what was handed to {@link #subscribe}
	 */
	public void unsubscribe(ChannelName topic, LongConsumer confirmed) {
		execute(() -> {
			Subscription subscription = this.subscriptions.get(topic.value());
			if (subscription == null || !subscription.wanted.removeIf((one) -> one == confirmed)
					|| !subscription.wanted.isEmpty()) {
				return;
			}
			subscription.confirmed = false;
			if (this.session != null) {
				this.session.connection.async().unsubscribe(subscription.channel);
			}
			forget(subscription);
		});
	}

	/** Gives the connection up and makes a new one: nothing arrives over it any more. */
	void restart(String reason) {
		execute(() -> {
			if (this.session != null) {
				lost(this.session, reason);
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
		execute(() -> {
			follow(reached);
			followed.complete(null);
		});
		if (wasUp && !this.thread.isShutdown()) {
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
			lost(current, "the command link reached another server");
		}
		else if (this.up && present != null && reached.since() > present.since()) {
			lost(current, "Redis lost data meanwhile");
		}
		else {
			upIfConfirmed(current);
		}
	}

	private void execute(Runnable task) {
		try {
			this.thread.execute(task);
		}
		catch (RejectedExecutionException ex) {
			log.debug("pubsub=closed");
		}
	}

	private Subscription want(ChannelName topic, byte[] channel, LongConsumer confirmed) {
		Subscription subscription = this.subscriptions.computeIfAbsent(topic.value(),
				(name) -> new Subscription(topic, channel));
		subscription.wanted.add(confirmed);
		return subscription;
	}

	private void forget(Subscription subscription) {
		if (subscription.wanted.isEmpty() && subscription.unanswered == 0) {
			this.subscriptions.remove(subscription.topic.value());
		}
	}

	private void connect() {
		try {
			Session made = connected();
			this.session = made;
			this.link++;
			made.connection.addListener(made.messages);
			made.connection.addListener(made.state);
			this.subscriptions.values().removeIf((subscription) -> subscription.wanted.isEmpty());
			List<Subscription> all = new ArrayList<>(this.subscriptions.values());
			for (Subscription subscription : all) {
				subscription.unanswered = 0;
				subscription.confirmed = false;
			}
			for (int from = 0; from < all.size(); from += BATCH) {
				send(made, all.subList(from, Math.min(from + BATCH, all.size())));
			}
			this.thread.schedule(() -> {
				if (this.session == made && !this.up && !isConfirmed()) {
					lost(made, "subscriptions were not confirmed in time");
				}
			}, CONFIRM_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
			if (!made.connection.isOpen()) {
				lost(made, "the connection ended at once");
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException | RuntimeException ex) {
			String failure = Failures.describe(ex);
			this.commands.refusals().noteIfRefused(ex, "pubsub");
			if (!failure.equals(this.lastFailure)) {
				log.warn("redis=down link=pubsub reason=\"{}\"", failure);
				this.lastFailure = failure;
			}
			connectLater();
		}
	}

	private Session connected() throws ExecutionException, TimeoutException, InterruptedException {
		StatefulRedisPubSubConnection<byte[], byte[]> connection = this.client.connectPubSub(ByteArrayCodec.INSTANCE);
		try {
			return new Session(connection, RedisServer.runOf(connection));
		}
		catch (ExecutionException | TimeoutException | InterruptedException | RuntimeException ex) {
			connection.closeAsync();
			throw ex;
		}
	}

	private void connectLater() {
		long pause = this.backoff.toMillis() + this.random.nextLong(this.backoff.toMillis());
		Duration doubled = this.backoff.multipliedBy(2);
		this.backoff = (doubled.compareTo(MAX_BACKOFF) < 0) ? doubled : MAX_BACKOFF;
		this.thread.schedule(this::connect, pause, TimeUnit.MILLISECONDS);
	}

	private void send(Session to, List<Subscription> batch) {
		byte[][] channels = new byte[batch.size()][];
		for (int i = 0; i < channels.length; i++) {
			Subscription subscription = batch.get(i);
			subscription.unanswered++;
			channels[i] = subscription.channel;
		}
		to.connection.async().subscribe(channels).whenComplete((done, failure) -> {
			if (failure != null) {
				this.commands.refusals().noteIfRefused(failure, "subscribe");
				execute(() -> lost(to, "a subscription was not answered: " + Failures.describe(failure)));
			}
		});
	}

	private void answered(Session by, byte[] channel) {
		if (this.session != by) {
			return;
		}
		Subscription subscription = Arrays.equals(channel, this.nodeChannel) ? this.subscriptions.get(this.self.value())
				: this.subscriptions.get(topicOf(channel));
		if (subscription == null) {
			return;
		}
		if (subscription.unanswered > 0) {
			subscription.unanswered--;
		}
		if (subscription.unanswered > 0) {
			return;
		}
		if (subscription.wanted.isEmpty()) {
			forget(subscription);
			return;
		}
		subscription.confirmed = true;
		subscription.wanted.forEach((one) -> one.accept(this.link));
		upIfConfirmed(by);
	}

	private boolean isConfirmed() {
		return this.subscriptions.values().stream().allMatch((one) -> one.confirmed || one.wanted.isEmpty());
	}

	/** Up is what is confirmed on the server that the command link reached. */
	private void upIfConfirmed(Session by) {
		if (this.up || !isConfirmed()) {
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
			log.debug("redis=waiting link=pubsub number={}", this.link);
		}
		else if (!this.up) {
			this.commands.followerReached(by.run);
			lost(by, "it reached another server than the command link");
		}
		else {
			this.upSince = System.nanoTime();
			this.lastFailure = "";
			log.info("redis=up link=pubsub number={} subscriptions={}", this.link, this.subscriptions.size());
			if (this.server != null && !this.server.equals(reached)) {
				this.sink.serverChanged(reached.since());
			}
			this.server = reached;
			this.sink.linkUp(this.link);
			this.probe.linkUp();
		}
	}

	private String topicOf(byte[] channel) {
		int prefix = this.keys.topicChannel(new ChannelName("")).length;
		return (channel.length < prefix) ? ""
				: new String(channel, prefix, channel.length - prefix, StandardCharsets.UTF_8);
	}

	private void lost(Session ended, String reason) {
		if (this.session != ended) {
			return;
		}
		this.session = null;
		ended.over = true;
		ended.connection.closeAsync();
		log.warn("redis=down link=pubsub number={} reason=\"{}\"", this.link, reason);
		for (Subscription subscription : this.subscriptions.values()) {
			subscription.confirmed = false;
		}
		boolean wasUp = this.up;
		if (wasUp) {
			// Before it counts as down: then the command link may be up on another
			// server.
			this.probe.linkDown();
			this.sink.linkDown();
		}
		synchronized (this.gate) {
			this.up = false;
		}
		if (wasUp) {
			if (System.nanoTime() - this.upSince >= STEADY.toNanos()) {
				this.backoff = MIN_BACKOFF;
				execute(this::connect);
			}
			else {
				// It broke as soon as it was there: so may the next one.
				connectLater();
			}
		}
		else {
			connectLater();
		}
	}

	@Override
	public void close() {
		execute(() -> {
			this.up = false;
			Session current = this.session;
			this.session = null;
			if (current != null) {
				current.over = true;
				current.connection.closeAsync();
			}
			this.thread.shutdownNow();
		});
	}

	/** One connection to Redis. Its listener runs on Lettuce's event loop. */
	private final class Session {

		private final StatefulRedisPubSubConnection<byte[], byte[]> connection;

		private final String run;

		private volatile boolean over;

		private Session(StatefulRedisPubSubConnection<byte[], byte[]> connection, String run) {
			this.connection = connection;
			this.run = run;
		}

		private final RedisPubSubAdapter<byte[], byte[]> messages = new RedisPubSubAdapter<>() {
			@Override
			public void message(byte[] channel, byte[] bytes) {
				if (!Session.this.over) {
					receive(bytes);
				}
			}

			@Override
			public void subscribed(byte[] channel, long count) {
				execute(() -> answered(Session.this, channel));
			}
		};

		private final RedisConnectionStateAdapter state = new RedisConnectionStateAdapter() {
			@Override
			public void onRedisDisconnected(RedisChannelHandler<?, ?> disconnected) {
				execute(() -> lost(Session.this, "the connection ended"));
			}
		};

	}

	private void receive(byte[] bytes) {
		Frame frame;
		try {
			frame = Frame.decode(bytes);
		}
		catch (IllegalArgumentException ex) {
			log.warn("frame=malformed reason=\"{}\"", ex.getMessage());
			return;
		}
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
			case null -> log.debug("frame=unknown");
		}
	}

}
