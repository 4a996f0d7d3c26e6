package io.fanfare.api.publish;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ChannelName;
import io.fanfare.redis.Pieces;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.history.PublishQuota;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.history.Publisher.Idempotency;
import io.fanfare.redis.history.Publisher.Result;
import org.jspecify.annotations.Nullable;

/**
 * The way of one message to Redis that has more channels than one call takes: the first
 * piece goes alone, the others, which have no channel in common, some at once. Belongs to
 * the request's thread.
 */
final class PiecewiseSending {

	private final ScriptCalls calls;

	private final PreparedMessage message;

	private final @Nullable Idempotency key;

	/** How an earlier message of the request was refused, or null. */
	private final PublishQuota.@Nullable Refusal behind;

	private final List<Publisher.Receipt> given = new ArrayList<>();

	private final Deque<Piece> sent = new ArrayDeque<>();

	private CompletableFuture<?> answered = CompletableFuture.completedFuture(null);

	private boolean replayed;

	private @Nullable Receipt failure;

	/** A piece that is sent. */
	private record Piece(int number, int channels, CompletableFuture<List<Result>> answer) {

	}

	PiecewiseSending(ScriptCalls calls, PreparedMessage message, PublishQuota.@Nullable Refusal behind) {
		this.calls = calls;
		this.message = message;
		this.behind = behind;
		this.key = message.script().idempotency();
	}

	/**
	 * When the last piece that was sent is answered; until then the key is in use,
	 * however {@link #send} ends.
	 */
	CompletableFuture<?> answered() {
		return this.answered;
	}

	/**
	 * Sends the message. The first piece shows whether the key belongs to this message,
	 * and the records of the others are named after it. What is on its way is waited for
	 * also when a piece has failed, so that a repetition finds the key free.
	 * @return what became of it
	 */
	Receipt send() {
		List<List<ChannelName>> pieces = Pieces.of(this.message.script().channels(), this.message.weight());
		send(pieces.getFirst(), 0);
		settle(0);
		for (int i = 1; i < pieces.size() && !isSettled(); i++) {
			send(pieces.get(i), i);
			settle(ScriptCalls.WINDOW - 1);
		}
		settle(0);
		return (this.failure != null) ? this.failure
				: Receipt.Stored.of(this.message.request().target(), this.given, this.replayed);
	}

	/**
	 * Whether nothing more is to be sent: a piece has failed, or the first one found the
	 * record of a version that published to all at once.
	 */
	private boolean isSettled() {
		return this.failure != null || this.given.size() == this.message.channels();
	}

	private void send(List<ChannelName> piece, int number) {
		Exception reason = this.calls.awaitTurn();
		if (reason != null) {
			fail(FailureReceipts.notSent(reason, this.message, number > 0));
			return;
		}
		Idempotency record = (this.key == null || number == 0) ? this.key
				: this.key.of(new Publisher.Piece(this.given.getFirst().id(), number));
		CompletableFuture<List<Result>> answer = this.calls.call(List.of(new Publisher.Request(piece,
				this.message.script().envelope(), record, charge(piece, number), this.message.script().within())));
		this.answered = CompletableFuture.allOf(this.answered, answer);
		this.sent.addLast(new Piece(number, piece.size(), answer));
	}

	/** The first piece takes for all, so that no further one is refused. */
	private PublishQuota.Charge charge(List<ChannelName> piece, int number) {
		if (number > 0) {
			return new PublishQuota.Charge.Further();
		}
		return (this.behind != null) ? new PublishQuota.Charge.Behind(this.behind)
				: new PublishQuota.Charge.First(this.message.bytes(), storedBehind(piece));
	}

	/** The channels of further pieces; of an ephemeral message nothing is stored. */
	private List<ChannelName> storedBehind(List<ChannelName> first) {
		List<ChannelName> channels = this.message.script().channels();
		return this.message.script().envelope().ephemeral() ? List.of()
				: channels.subList(first.size(), channels.size());
	}

	/** Waits until no more than some pieces are on their way. */
	private void settle(int left) {
		while (this.sent.size() > left) {
			settle(this.sent.removeFirst());
		}
	}

	private void settle(Piece piece) {
		boolean began = piece.number() > 0;
		try {
			switch (this.calls.await(piece.answer()).getFirst()) {
				case Result.Stored stored -> add(piece, stored);
				case Result.KeyReused reused -> fail(FailureReceipts.keyReused());
				case Result.Limited limited -> fail(FailureReceipts.limited(limited));
				case Result.Refused refused -> fail(FailureReceipts.refused(refused, this.message, began));
			}
		}
		catch (RedisUnavailableException | ProblemException ex) {
			this.calls.failed(ex);
			fail(FailureReceipts.failed(ex, this.message, began));
		}
	}

	private void add(Piece piece, Result.Stored stored) {
		this.given.addAll(stored.receipts());
		if (piece.number() == 0) {
			this.replayed = stored.replayed();
		}
		if (stored.receipts().size() != piece.channels()
				&& !(piece.number() == 0 && this.given.size() == this.message.channels())) {
			throw new IllegalStateException("A record of another number of recipients");
		}
	}

	/** The first failure is the one that is reported. */
	private void fail(Receipt receipt) {
		if (this.failure == null) {
			this.failure = receipt;
		}
	}

}
