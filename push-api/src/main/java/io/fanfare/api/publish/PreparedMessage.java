package io.fanfare.api.publish;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.fanfare.api.auth.Caller;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.redis.Pieces;
import io.fanfare.redis.history.PublishQuota;
import io.fanfare.redis.history.Publisher;

/**
 * A message as it goes to the script.
 *
 * @param index which message of the request it is
 * @param request what the client sent
 * @param script what the script is given: channels, envelope and idempotency
 * @param weight what it counts in each of its channels, in bytes
 */
record PreparedMessage(int index, MessageRequest request, Publisher.Request script, int weight) {

	static PreparedMessage of(int index, MessageRequest request, Caller caller, Instant now, Duration retention) {
		long expiresAt = (request.ttl() != null) ? now.plus(request.ttl()).toEpochMilli() : 0;
		Envelope envelope = new Envelope(request.event(), request.data(), now.toEpochMilli(), expiresAt,
				request.ephemeral(), request.traceparent(), request.within() != null);
		Publisher.Idempotency idempotency = (request.key() != null)
				? new Publisher.Idempotency(caller.id(), request.key(), request.hash(), retention) : null;
		int weight = Pieces.weight(envelope);
		List<ChannelName> channels = request.target().channels();
		return new PreparedMessage(index, request, new Publisher.Request(channels, envelope, idempotency,
				new PublishQuota.Charge.Weight((long) weight * channels.size()), request.within()), weight);
	}

	/** The same message, which names another span as its origin. */
	PreparedMessage carrying(String traceparent) {
		Envelope said = this.script.envelope();
		Envelope envelope = new Envelope(said.event(), said.data(), said.publishedAt(), said.expiresAt(),
				said.ephemeral(), traceparent, said.receipt());
		return new PreparedMessage(this.index, this.request, new Publisher.Request(this.script.channels(), envelope,
				this.script.idempotency(), this.script.charge(), this.script.within()), this.weight);
	}

	int channels() {
		return this.script.channels().size();
	}

	/** What it counts in all of its channels. */
	long bytes() {
		return (long) this.weight * channels();
	}

	/** Whether it has more channels than one call takes. */
	boolean isInPieces() {
		return channels() > Pieces.channels(this.weight);
	}

	boolean hasKey() {
		return this.script.idempotency() != null;
	}

}
