package io.fanfare.node.simulation;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Retraction;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.CallName;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.redis.erasure.Erasure;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.revocation.Revocation;

/** The API, which publishes each message until it is stored, and ends streams. */
final class SimulatedApi {

	private final Simulation simulation;

	private final SimulatedCommands commands;

	private final Queue<Pending> unpublished = new ArrayDeque<>();

	SimulatedApi(Simulation simulation) {
		this.simulation = simulation;
		this.commands = new SimulatedCommands(simulation, "API");
	}

	private record Pending(ChannelName channel, Envelope envelope, String key) {

	}

	void offer(Choices choices) {
		this.commands.offerRedis(choices);
		this.commands.offer(choices, false);
		if (!this.unpublished.isEmpty() && this.commands.isUp()) {
			choices.add(8, () -> send(this.unpublished.remove()));
		}
	}

	/** When something is due next. */
	long next() {
		return this.commands.next();
	}

	void publish(ChannelName channel, Envelope envelope, String key) {
		this.unpublished.add(new Pending(channel, envelope, key));
	}

	private void send(Pending message) {
		Publisher.Idempotency key = new Publisher.Idempotency("api", message.key(), "hash", Duration.ofHours(24));
		this.commands.run("publish", message.key(),
				(caller) -> this.simulation.redis()
					.model()
					.publish(caller, List.of(message.channel()), message.envelope(), key),
				(result) -> {
					if (result instanceof Publisher.Result.Stored stored) {
						stored.receipts().forEach((receipt) -> this.commands.observe(receipt.id()));
					}
				})
			.whenComplete((result, failure) -> {
				if (failure != null) {
					this.unpublished.add(message);
				}
			});
	}

	/** Ends the streams of a user. */
	void disconnect(String user, long grace) {
		this.simulation.oracle().disconnects();
		this.commands.run("disconnect", user,
				(caller) -> String
					.valueOf(this.simulation.redis().model().disconnect(caller, user, CloseReason.LOGOUT, grace)),
				(connection) -> {
				});
	}

	/** Takes a right away, and has the nodes end what streams it gave. */
	void revoke(Revocation.Target target) {
		this.simulation.oracle().disconnects();
		long before = Simulation.EPOCH + this.simulation.now();
		this.simulation.trace("API revokes %s before %d", target, before);
		this.commands.run("revoke", target,
				(caller) -> this.simulation.redis().model().revoke(caller, target, before, "revoked"), (id) -> {
					this.commands.observe(id);
					String user = (target instanceof Revocation.OfUser(String name)) ? name
							: (target instanceof Revocation.OfTopic(String name, String topic)) ? name : null;
					String topic = (target instanceof Revocation.OfTopic one) ? one.topic() : null;
					String token = (target instanceof Revocation.OfToken(String hash)) ? hash : null;
					byte[] body = CallJson
						.write(new CallRequest.Revoke(user, topic, token, before, MessageId.format(id), "revoked"));
					byte[] frame = new Frame.Call("r", "api", CallName.REVOKE.wireName(), body).encode();
					for (SimulatedNode node : this.simulation.nodes()) {
						this.commands.run("call", node, (caller) -> {
							this.simulation.redis().publish("node:" + node.identity(), frame);
							return node;
						}, (heard) -> {
						});
					}
				});
	}

	/** Erases a message. */
	void erase(ChannelName channel, long id) {
		Envelope retraction = new Envelope(Retraction.EVENT,
				new Retraction(channel, id, false).data().getBytes(StandardCharsets.UTF_8), 1, 0, false, null);
		this.commands.run("erase", MessageId.format(id),
				(caller) -> this.simulation.redis().model().erase(caller, channel, id, retraction),
				this.commands::observe);
	}

	/** Erases all of a user, and ends the user's stream. */
	void eraseUser(String user) {
		this.simulation.oracle().disconnects();
		this.commands.run("erase user", user,
				(caller) -> String.valueOf(this.simulation.redis().model().eraseUser(caller, user, Erasure.REASON)),
				(connection) -> {
				});
	}

	boolean isCuttable() {
		return this.commands.isCuttable();
	}

	void cut() {
		this.simulation.trace("FAULT the API's link is cut");
		this.commands.cut(true);
	}

	/** Redis has ended: what it had not executed is gone. */
	void redisEnded() {
		this.commands.cut(false);
	}

}
