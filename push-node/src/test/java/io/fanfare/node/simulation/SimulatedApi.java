package io.fanfare.node.simulation;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Retraction;
import io.fanfare.redis.erasure.Erasure;
import io.fanfare.redis.history.Publisher;

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
