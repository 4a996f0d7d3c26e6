package io.fanfare.api.publish;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.problem.ProblemType;
import io.fanfare.api.publish.Publishing.Prepared;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.redis.Pieces;
import io.fanfare.protocol.redis.Publisher;
import io.fanfare.protocol.redis.Publisher.Idempotency;
import io.fanfare.protocol.redis.Publisher.Result;
import io.fanfare.protocol.redis.RedisUnavailableException;
import org.jspecify.annotations.Nullable;

/**
 * The way of one request's messages to Redis, in their order. Belongs to the request's
 * thread.
 * <p>
 * Messages that fit go together, several in each call of the script; some calls are on
 * their way at once. A message to more channels than one call takes goes by itself, piece
 * by piece: a piece is sent when the one before it was answered, so that a repetition
 * finds the pieces of the first attempt stored up to some piece, and none behind it. When
 * Redis does not answer, or refuses whatever is sent, the rest is not sent.
 */
final class Sending {

	/** Calls on their way at once. */
	private static final int WINDOW = 4;

	/** A request of many pieces ends after so long, however steadily Redis answers. */
	private static final Duration LONGEST = Duration.ofSeconds(30);

	private static final String UNKNOWN = "Whether the message is stored is unknown: repeat it with the same"
			+ " idempotency key";

	private static final String NOT_STORED = "The message is not stored: repeat it later";

	private static final String SOME_STORED = "Some recipients may have the message: repeat it with the same"
			+ " idempotency key, which completes the rest";

	private final Publishing publishing;

	private final RedisCalls calls;

	private final Turns turns;

	private final RunningKeys running;

	private final List<@Nullable Outcome> outcomes;

	private final Deque<Call> sent = new ArrayDeque<>();

	private final long end = System.nanoTime() + LONGEST.toNanos();

	/** When to give up, unless Redis answers something before. */
	private long deadline;

	private Call next = new Call();

	/** Why nothing more is sent. */
	private @Nullable Exception stopped;

	Sending(Publishing publishing, RedisCalls calls, Turns turns, RunningKeys running, int messages) {
		this.publishing = publishing;
		this.calls = calls;
		this.turns = turns;
		this.running = running;
		this.outcomes = new ArrayList<>(java.util.Collections.nCopies(messages, null));
		this.deadline = calls.deadline();
	}

	/**
	 * Sends the messages, and waits for what becomes of them.
	 * @param messages the messages
	 * @return what became of each
	 */
	List<Outcome> send(List<Prepared> messages) {
		try {
			for (int i = 0; i < messages.size(); i++) {
				switch (messages.get(i)) {
					case Prepared.Refused refused -> this.outcomes.set(i, new Outcome.Failed(refused.problem()));
					case Prepared.Ready ready -> add(i, ready);
				}
			}
			flush();
			settleAll();
		}
		finally {
			this.next.endKeys();
		}
		List<Outcome> all = new ArrayList<>(this.outcomes.size());
		for (Outcome outcome : this.outcomes) {
			if (outcome == null) {
				throw new IllegalStateException("A message without outcome");
			}
			all.add(outcome);
		}
		return all;
	}

	private void add(int index, Prepared.Ready message) {
		Idempotency key = message.request().idempotency();
		if (key != null && !this.running.start(key)) {
			this.outcomes.set(index, new Outcome.Failed(
					Problem.of(ProblemType.IDEMPOTENCY_KEY_IN_USE, "Wait for the answer of the other request")));
			return;
		}
		if (message.channels() > Pieces.channels(message.weight())) {
			try {
				flush();
				settleAll();
			}
			catch (RuntimeException | Error ex) {
				end(key);
				throw ex;
			}
			this.outcomes.set(index, new Pieced(message).send());
			return;
		}
		if (!this.next.hasRoomFor(message)) {
			try {
				flush();
			}
			catch (RuntimeException | Error ex) {
				end(key);
				throw ex;
			}
		}
		this.next.add(index, message);
	}

	private void end(@Nullable Idempotency key) {
		if (key != null) {
			this.running.end(key);
		}
	}

	/** Sends what was gathered. */
	private void flush() {
		if (this.next.messages.isEmpty()) {
			return;
		}
		if (this.sent.size() == WINDOW) {
			settle(this.sent.removeFirst());
		}
		Call call = this.next;
		if (this.stopped == null && !this.turns.take(this.deadline)) {
			this.stopped = busy();
		}
		if (this.stopped != null) {
			call.fail(new Outcome.Failed(Problem.redisUnavailable(this.stopped, NOT_STORED)));
			call.endKeys();
			this.next = new Call();
			return;
		}
		call.answer = this.publishing.call(call.requests, call.rehearsed);
		this.next = new Call();
		this.sent.addLast(call);
		call.answer.whenComplete((results, failure) -> call.endKeys());
	}

	private static Exception busy() {
		return ProblemException.of(ProblemType.REDIS_UNAVAILABLE, "Too many publishes wait for Redis");
	}

	private void settleAll() {
		while (!this.sent.isEmpty()) {
			settle(this.sent.removeFirst());
		}
	}

	private void settle(Call call) {
		try {
			List<Result> results = await(call.answer);
			for (int i = 0; i < call.messages.size(); i++) {
				this.outcomes.set(call.indexes.get(i), outcome(call.messages.get(i), results.get(i)));
			}
		}
		catch (RedisUnavailableException | ProblemException ex) {
			call.fail(failed(ex, UNKNOWN));
		}
	}

	private List<Result> await(CompletableFuture<List<Result>> answer) {
		List<Result> results = this.calls.await(answer, this.deadline);
		long later = this.calls.deadline();
		this.deadline = (later - this.end < 0) ? later : this.end;
		return results;
	}

	/** A Redis that is full refuses a call before it has stored anything of it. */
	private Outcome.Failed failed(Exception failure, String unknown) {
		Problem problem = Problem.redisUnavailable(failure, unknown);
		boolean refused = failure instanceof RedisUnavailableException unavailable && unavailable.refusal() != null
				&& !unavailable.refusal().isLasting();
		if (!refused) {
			this.stopped = failure;
		}
		return new Outcome.Failed((problem.type().equals(ProblemType.REDIS_FULL.uri()) && !unknown.equals(SOME_STORED))
				? Problem.redisUnavailable(failure, NOT_STORED) : problem);
	}

	private static Outcome outcome(Prepared.Ready message, Result result) {
		return switch (result) {
			case Result.Stored stored ->
				new Outcome.Stored(Published.of(message.target(), stored.receipts()), stored.replayed());
			case Result.KeyReused reused -> reused();
		};
	}

	private static Outcome reused() {
		return new Outcome.Failed(
				Problem.of(ProblemType.IDEMPOTENCY_KEY_REUSED, "Another request was sent with this key before"));
	}

	/**
	 * A message that is sent in pieces. Its key runs until the last of them is answered.
	 */
	private final class Pieced {

		private final Prepared.Ready message;

		private final @Nullable Idempotency key;

		private final List<Publisher.Receipt> receipts = new ArrayList<>();

		private CompletableFuture<?> last = CompletableFuture.completedFuture(null);

		private Pieced(Prepared.Ready message) {
			this.message = message;
			this.key = message.request().idempotency();
		}

		private Outcome send() {
			try {
				return sendAll(Pieces.of(this.message.request().channels(), this.message.weight()));
			}
			finally {
				this.last.whenComplete((results, failure) -> end(this.key));
			}
		}

		private Outcome sendAll(List<List<ChannelName>> pieces) {
			boolean replayed = false;
			for (int i = 0; i < pieces.size(); i++) {
				if (Sending.this.stopped == null && !Sending.this.turns.take(Sending.this.deadline)) {
					Sending.this.stopped = busy();
				}
				if (Sending.this.stopped != null) {
					return new Outcome.Failed(
							Problem.redisUnavailable(Sending.this.stopped, (i == 0) ? NOT_STORED : SOME_STORED));
				}
				Result result;
				try {
					result = send(pieces.get(i), i);
				}
				catch (RedisUnavailableException | ProblemException ex) {
					return failed(ex, (i == 0) ? UNKNOWN : SOME_STORED);
				}
				if (!(result instanceof Result.Stored stored)) {
					return reused();
				}
				replayed = (i == 0) ? stored.replayed() : replayed;
				this.receipts.addAll(stored.receipts());
				if (i == 0 && this.receipts.size() == this.message.channels()) {
					// The record of a version that published to all of them at once.
					break;
				}
				if (stored.receipts().size() != pieces.get(i).size()) {
					throw new IllegalStateException("A record of another number of recipients");
				}
			}
			return new Outcome.Stored(Published.of(this.message.target(), this.receipts), replayed);
		}

		private Result send(List<ChannelName> piece, int number) {
			Idempotency record = (this.key == null || number == 0) ? this.key
					: this.key.of(new Publisher.Piece(this.receipts.getFirst().id(), number));
			CompletableFuture<List<Result>> answer = Sending.this.publishing.call(
					List.of(new Publisher.Request(piece, this.message.request().envelope(), record)),
					this.message.rehearsed());
			this.last = answer;
			return await(answer).getFirst();
		}

	}

	/** Messages that Redis takes in one step. */
	private final class Call {

		private final List<Integer> indexes = new ArrayList<>();

		private final List<Prepared.Ready> messages = new ArrayList<>();

		private final List<Publisher.Request> requests = new ArrayList<>();

		private int channels;

		private long bytes;

		private boolean rehearsed;

		private CompletableFuture<List<Result>> answer = CompletableFuture.completedFuture(List.of());

		private boolean hasRoomFor(Prepared.Ready message) {
			return this.messages.isEmpty() || this.channels + message.channels() <= Pieces.MAX_CHANNELS
					&& this.bytes + message.bytes() <= Pieces.MAX_BYTES;
		}

		private void add(int index, Prepared.Ready message) {
			this.indexes.add(index);
			this.messages.add(message);
			this.requests.add(message.request());
			this.channels += message.channels();
			this.bytes += message.bytes();
			this.rehearsed = message.rehearsed();
		}

		private void fail(Outcome.Failed failed) {
			this.indexes.forEach((index) -> Sending.this.outcomes.set(index, failed));
		}

		private void endKeys() {
			this.requests.forEach((request) -> end(request.idempotency()));
		}

	}

}
