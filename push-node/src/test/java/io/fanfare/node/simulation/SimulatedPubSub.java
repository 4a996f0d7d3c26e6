package io.fanfare.node.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.LongConsumer;

import io.fanfare.node.broker.Message;
import io.fanfare.node.broker.MessageSink;
import io.fanfare.node.subscription.Topics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Frame;
import org.jspecify.annotations.Nullable;

/**
 * A node's pub/sub link, with the contract of {@code PubSubLink} and of its probe: the
 * link has a thread of its own, messages are read by another; a connection may be cut, or
 * be a black hole that only a probe finds.
 */
final class SimulatedPubSub implements Topics.Upstream {

	private static final long CONFIRM_TIMEOUT = 1_000;

	private static final long PROBE_INTERVAL = 400;

	private static final long PROBE_TIMEOUT = 800;

	private static final long BACKOFF = 50;

	private final Simulation simulation;

	private final SimulatedNode node;

	private final MessageSink sink;

	private final String nodeChannel;

	private final Queue<Runnable> tasks = new ArrayDeque<>();

	private final Map<String, Subscription> subscriptions = new HashMap<>();

	private @Nullable Session session;

	private long link;

	private boolean up;

	private long nonce;

	private long missingSince;

	private long arrivedAt;

	SimulatedPubSub(Simulation simulation, SimulatedNode node, MessageSink sink) {
		this.simulation = simulation;
		this.node = node;
		this.sink = sink;
		this.nodeChannel = "node:" + node.identity();
	}

	private static final class Subscription {

		private final String channel;

		private final List<LongConsumer> wanted = new ArrayList<>();

		private int unanswered;

		private boolean confirmed;

		private Subscription(String channel) {
			this.channel = channel;
		}

	}

	/** One connection; what Redis knows of it and what is under way. */
	static final class Session {

		private final Deque<String> toRedis = new ArrayDeque<>();

		private final Deque<Object> fromRedis = new ArrayDeque<>();

		private final Set<String> subscribed = new HashSet<>();

		private boolean cut;

		private boolean noticed;

		private boolean blackHole;

		private boolean over;

		/** Redis publishes. */
		void publish(String channel, byte[] frame) {
			if (!this.cut && !this.blackHole && this.subscribed.contains(channel)) {
				this.fromRedis.add(frame);
			}
		}

	}

	private record Confirm(String channel) {

	}

	void start() {
		this.tasks.add(() -> {
			want(this.nodeChannel, (number) -> {
			});
			connect();
		});
		probeLater();
	}

	@Override
	public void subscribe(ChannelName topic, LongConsumer confirmed) {
		this.tasks.add(() -> {
			Subscription subscription = want("ch:" + topic.value(), confirmed);
			if (subscription.confirmed) {
				confirmed.accept(this.link);
			}
			else if (subscription.wanted.size() == 1 && this.session != null) {
				send(this.session, subscription);
			}
		});
	}

	@Override
	public void unsubscribe(ChannelName topic, LongConsumer confirmed) {
		this.tasks.add(() -> {
			Subscription subscription = this.subscriptions.get("ch:" + topic.value());
			if (subscription == null || !subscription.wanted.removeIf((one) -> one == confirmed)
					|| !subscription.wanted.isEmpty()) {
				return;
			}
			subscription.confirmed = false;
			if (this.session != null && !this.session.cut) {
				this.session.toRedis.add("-" + subscription.channel);
			}
			forget(subscription);
		});
	}

	private Subscription want(String channel, LongConsumer confirmed) {
		Subscription subscription = this.subscriptions.computeIfAbsent(channel, Subscription::new);
		subscription.wanted.add(confirmed);
		return subscription;
	}

	private void forget(Subscription subscription) {
		if (subscription.wanted.isEmpty() && subscription.unanswered == 0) {
			this.subscriptions.remove(subscription.channel);
		}
	}

	private void send(Session to, Subscription subscription) {
		subscription.unanswered++;
		if (!to.cut) {
			to.toRedis.add("+" + subscription.channel);
		}
	}

	private void connect() {
		if (!this.simulation.redis().isUp()) {
			connectLater();
			return;
		}
		Session made = new Session();
		this.session = made;
		this.link++;
		this.simulation.redis().connected(made);
		this.subscriptions.values().removeIf((subscription) -> subscription.wanted.isEmpty());
		for (Subscription subscription : this.subscriptions.values()) {
			subscription.unanswered = 0;
			subscription.confirmed = false;
			send(made, subscription);
		}
		this.node.later(CONFIRM_TIMEOUT, () -> {
			if (this.session == made && !this.up) {
				lost(made, "subscriptions were not confirmed in time");
			}
		});
	}

	private void connectLater() {
		this.node.later(BACKOFF + this.simulation.random().nextInt(100), this::connect);
	}

	private void answered(Session by, String channel) {
		Subscription subscription = this.subscriptions.get(channel);
		if (this.session != by || subscription == null) {
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
		if (!this.up && this.subscriptions.values().stream().allMatch((one) -> one.confirmed || one.wanted.isEmpty())) {
			this.up = true;
			this.simulation.trace("%s: pub/sub link %d is up", this.node.name(), this.link);
			this.sink.linkUp(this.link);
			this.missingSince = 0;
			probe();
		}
	}

	private void lost(Session ended, String reason) {
		if (this.session != ended) {
			return;
		}
		this.simulation.trace("%s: pub/sub link %d is lost: %s", this.node.name(), this.link, reason);
		this.simulation.oracle().linkLost(this.node);
		this.session = null;
		ended.over = true;
		this.simulation.redis().disconnected(ended);
		this.subscriptions.values().forEach((subscription) -> subscription.confirmed = false);
		if (this.up) {
			this.up = false;
			this.arrivedAt = 0;
			this.missingSince = 0;
			this.sink.linkDown();
			connect();
		}
		else {
			connectLater();
		}
	}

	// ---- the probe

	private void probeLater() {
		this.node.later(PROBE_INTERVAL, () -> {
			probe();
			probeLater();
		});
	}

	private void probe() {
		if (!this.up) {
			return;
		}
		long now = this.node.monotonic();
		if (this.missingSince != 0 && now - this.missingSince > PROBE_TIMEOUT) {
			this.missingSince = 0;
			Session watched = this.session;
			this.tasks.add(() -> {
				if (watched != null) {
					lost(watched, "a probe was sent and did not arrive");
				}
			});
			return;
		}
		String sent = Long.toString(++this.nonce);
		this.node.commands()
			.run("probe", sent, (caller) -> this.simulation.redis().model().probe(caller, this.node.identity(), sent),
					(id) -> {
					})
			.whenComplete((id, failure) -> {
				if (failure == null && this.missingSince == 0 && this.arrivedAt < now) {
					this.missingSince = now;
				}
			});
	}

	// ---- what happens

	/** What happens at the other end, whether or not the node runs. */
	void offerRedis(Choices choices) {
		Session current = this.session;
		if (current != null && !current.cut && !current.blackHole && !current.toRedis.isEmpty()) {
			choices.add(10, () -> {
				String command = current.toRedis.remove();
				String channel = command.substring(1);
				this.simulation.trace("REDIS %s: %s", this.node.name(), command);
				if (command.charAt(0) == '+') {
					current.subscribed.add(channel);
					current.fromRedis.add(new Confirm(channel));
				}
				else {
					current.subscribed.remove(channel);
				}
			});
		}
	}

	/** What happens in the node. */
	void offer(Choices choices) {
		if (!this.tasks.isEmpty()) {
			choices.add(12, () -> this.node.guarded(this.tasks.remove()));
		}
		Session current = this.session;
		if (current == null) {
			return;
		}
		if (!current.fromRedis.isEmpty() && !current.over) {
			choices.add(12, () -> this.node.guarded(() -> receive(current, current.fromRedis.remove())));
		}
		if (current.cut && !current.noticed) {
			choices.add(5, () -> {
				current.noticed = true;
				this.tasks.add(() -> lost(current, "the connection ended"));
			});
		}
	}

	private void receive(Session from, Object item) {
		if (item instanceof Confirm(String channel)) {
			this.tasks.add(() -> answered(from, channel));
			return;
		}
		Frame frame = Frame.decode((byte[]) item);
		switch (frame) {
			case Frame.Published published -> {
				this.node.commands().observe(published.id());
				Message message = Message.render(published.id(), published.channel(), published.envelope());
				this.simulation.trace("%s: gets %s for %s", this.node.name(), message, published.connection());
				if (published.connection() != null) {
					this.sink.deliver(published.connection(), message);
				}
				else {
					this.sink.broadcast(message);
				}
				if (message.retraction() != null) {
					// Behind the turn that takes it.
					this.node.loops()
						.forEach(
								(loop) -> loop.execute(() -> this.simulation.oracle().retracted(loop, published.id())));
				}
			}
			case Frame.Kick kick -> {
				this.simulation.trace("%s: gets %s", this.node.name(), kick);
				this.sink.kick(kick);
			}
			case Frame.Displacement displacement -> this.sink.displace(displacement);
			case Frame.Restored restored -> {
				this.simulation.trace("%s: gets %s", this.node.name(), restored);
				this.sink.restored(restored);
			}
			case Frame.Hidden hidden -> {
				this.simulation.trace("%s: gets %s", this.node.name(), hidden);
				this.sink.hidden(hidden);
			}
			case Frame.Unacknowledged written -> this.sink.unacknowledged(written);
			case Frame.Close close -> this.sink.close(close.connection());
			case Frame.Acknowledgement said -> this.sink.acknowledge(said);
			case Frame.Call call -> this.sink.call(call);
			case Frame.Probe probe -> {
				this.node.commands().observe(probe.id());
				this.arrivedAt = this.node.monotonic();
				this.missingSince = 0;
				this.sink.pass(probe.id());
			}
			case null -> throw new IllegalStateException("A frame of an unknown kind");
		}
	}

	// ---- faults

	boolean isCuttable() {
		return this.session != null && !this.session.cut && !this.session.blackHole;
	}

	/** Cuts the connection; some of what was under way still arrives. */
	void cut(boolean blackHole) {
		Session current = this.session;
		if (current == null || current.cut) {
			return;
		}
		current.cut = !blackHole;
		current.blackHole = blackHole;
		int kept = current.fromRedis.isEmpty() ? 0 : this.simulation.random().nextInt(current.fromRedis.size() + 1);
		while (current.fromRedis.size() > kept) {
			current.fromRedis.removeLast();
		}
		current.toRedis.clear();
		this.simulation.redis().disconnected(current);
	}

	/** The node dies. */
	void die() {
		if (this.session != null) {
			this.session.over = true;
			this.simulation.redis().disconnected(this.session);
			this.session = null;
		}
	}

}
