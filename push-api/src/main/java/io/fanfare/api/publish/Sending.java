package io.fanfare.api.publish;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.publish.Publishing.Prepared;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.Pieces;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.history.Publisher.Idempotency;
import io.fanfare.redis.history.Publisher.Result;
import org.jspecify.annotations.Nullable;

/**
 * The way of one request's messages to Redis, in their order. Belongs to the request's
 * thread.
 * <p>
 * Messages that fit go together, several in each call of the script; some calls are on
 * their way at once, unless a channel occurs in two of them: then the later one waits for
 * the answer of the earlier, since a call may be overtaken where Redis lacks the script
 * or the connection is remade. A message to more channels than one call takes goes by
 * itself, in pieces: the first one alone, the others, which have no channel in common,
 * some at once. When Redis does not answer, or refuses whatever is sent, the rest is not
 * sent. A Redis that is full still answers repetitions, so then the rest is.
 */
final class Sending {

	/** Calls on their way at once. */
	private static final int WINDOW = 4;

	/** A request of many pieces ends after so long, however steadily Redis answers. */
	private static final Duration LONGEST = Duration.ofSeconds(30);

	private static final String NOT_STORED = "The message is not stored: repeat it later";

	private static final String UNKNOWN = "Whether the message is stored is unknown";

	private static final String SOME_STORED = "Some recipients may have the message";

	private static final String REPEAT = ": repeat it with the same idempotency key";

	private static final String COMPLETES = ", which completes the rest";

	private static final String WITHOUT_KEY = ", and without an idempotency key a repetition may store it twice";

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
		this.outcomes = new ArrayList<>(Collections.nCopies(messages, null));
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
					case Prepared.Refused refused -> this.outcomes.set(i, new Outcome.Failed(refused.problem(), false));
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
					Problem.of(ProblemType.IDEMPOTENCY_KEY_IN_USE, "Wait for the answer of the other request"), false));
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
		while (this.sent.size() == WINDOW || this.sent.stream().anyMatch(this.next::hasChannelOf)) {
			settle(this.sent.removeFirst());
		}
		Call call = this.next;
		Exception reason = reasonNotToSend();
		if (reason != null) {
			call.fail((message) -> notSent(reason, message, false));
			call.endKeys();
			this.next = new Call();
			return;
		}
		call.answer = this.publishing.call(call.requests);
		this.next = new Call();
		this.sent.addLast(call);
		call.answer.whenComplete((results, failure) -> call.endKeys());
	}

	/** Waits for a turn, unless nothing more is sent. */
	private @Nullable Exception reasonNotToSend() {
		if (this.stopped == null && (this.deadline - System.nanoTime() <= 0 || !this.turns.take(this.deadline))) {
			this.stopped = ProblemException.of(ProblemType.REDIS_UNAVAILABLE, "There was no turn in time");
		}
		return this.stopped;
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
			call.fail((message) -> failed(ex, message, false));
		}
	}

	private List<Result> await(CompletableFuture<List<Result>> answer) {
		List<Result> results = this.calls.await(answer, this.deadline);
		long later = this.calls.deadline();
		this.deadline = (later - this.end < 0) ? later : this.end;
		return results;
	}

	/**
	 * A call failed. Stops what concerns all that is sent.
	 * @param began whether something of the message may be stored by another call
	 */
	private Outcome.Failed failed(Exception failure, Prepared.Ready message, boolean began) {
		RedisUnavailableException unavailable = (failure instanceof RedisUnavailableException ex) ? ex : null;
		RedisRefusal refusal = (unavailable != null) ? unavailable.refusal() : null;
		if (refusal == null || refusal.isLasting()) {
			this.stopped = failure;
		}
		return (unavailable != null && !unavailable.mayHaveWritten()) ? notSent(failure, message, began)
				: uncertain(failure, message);
	}

	/**
	 * Nothing was written now; but a message with a key may be stored by an earlier
	 * request.
	 */
	private static Outcome.Failed notSent(Exception reason, Prepared.Ready message, boolean began) {
		return (began || message.request().idempotency() != null) ? uncertain(reason, message)
				: new Outcome.Failed(Problem.redisUnavailable(reason, NOT_STORED), false);
	}

	private static Outcome.Failed uncertain(Exception reason, Prepared.Ready message) {
		return new Outcome.Failed(Problem.redisUnavailable(reason, advice(message)), true);
	}

	/** The script refused the message before it wrote anything, and found no record. */
	private static Outcome.Failed refused(Result.Refused refused, Prepared.Ready message, boolean began) {
		return new Outcome.Failed(Problem.redisRefused(refused.refusal(), began ? advice(message) : NOT_STORED), began);
	}

	private static String advice(Prepared.Ready message) {
		boolean pieces = message.channels() > Pieces.channels(message.weight());
		boolean keyed = message.request().idempotency() != null;
		String what = pieces ? SOME_STORED : UNKNOWN;
		return what + (!keyed ? WITHOUT_KEY : pieces ? REPEAT + COMPLETES : REPEAT);
	}

	private static Outcome outcome(Prepared.Ready message, Result result) {
		return switch (result) {
			case Result.Stored stored ->
				new Outcome.Stored(Published.of(message.target(), stored.receipts()), stored.replayed());
			case Result.KeyReused reused -> reused();
			case Result.Refused refused -> refused(refused, message, false);
		};
	}

	private static Outcome.Failed reused() {
		return new Outcome.Failed(
				Problem.of(ProblemType.IDEMPOTENCY_KEY_REUSED, "Another request was sent with this key before"), false);
	}

	/**
	 * A message that is sent in pieces. Its key runs until the last of them is answered.
	 */
	private final class Pieced {

		private final Prepared.Ready message;

		private final @Nullable Idempotency key;

		private final List<Publisher.Receipt> receipts = new ArrayList<>();

		private final Deque<Piece> sent = new ArrayDeque<>();

		private CompletableFuture<?> answered = CompletableFuture.completedFuture(null);

		private boolean replayed;

		private Outcome.@Nullable Failed failed;

		/** A piece that is sent. */
		private record Piece(int number, int channels, CompletableFuture<List<Result>> answer) {

		}

		private Pieced(Prepared.Ready message) {
			this.message = message;
			this.key = message.request().idempotency();
		}

		private Outcome send() {
			try {
				return sendAll(Pieces.of(this.message.request().channels(), this.message.weight()));
			}
			finally {
				this.answered.whenComplete((results, failure) -> end(this.key));
			}
		}

		/**
		 * The first piece goes alone: it tells whether the key belongs to this message,
		 * and the records of the others are named after it. What is on its way is waited
		 * for also when a piece has failed, so that a repetition finds the key free.
		 */
		private Outcome sendAll(List<List<ChannelName>> pieces) {
			send(pieces.getFirst(), 0);
			settle(0);
			for (int i = 1; i < pieces.size() && !isSettled(); i++) {
				send(pieces.get(i), i);
				settle(WINDOW - 1);
			}
			settle(0);
			return (this.failed != null) ? this.failed
					: new Outcome.Stored(Published.of(this.message.target(), this.receipts), this.replayed);
		}

		/**
		 * Whether nothing more is to be sent: a piece has failed, or the first one found
		 * the record of a version that published to all at once.
		 */
		private boolean isSettled() {
			return this.failed != null || this.receipts.size() == this.message.channels();
		}

		private void send(List<ChannelName> piece, int number) {
			Exception reason = reasonNotToSend();
			if (reason != null) {
				fail(notSent(reason, this.message, number > 0));
				return;
			}
			Idempotency record = (this.key == null || number == 0) ? this.key
					: this.key.of(new Publisher.Piece(this.receipts.getFirst().id(), number));
			CompletableFuture<List<Result>> answer = Sending.this.publishing
				.call(List.of(new Publisher.Request(piece, this.message.request().envelope(), record)));
			this.answered = CompletableFuture.allOf(this.answered, answer);
			this.sent.addLast(new Piece(number, piece.size(), answer));
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
				switch (await(piece.answer()).getFirst()) {
					case Result.Stored stored -> add(piece, stored);
					case Result.KeyReused reused -> fail(reused());
					case Result.Refused refused -> fail(refused(refused, this.message, began));
				}
			}
			catch (RedisUnavailableException | ProblemException ex) {
				fail(failed(ex, this.message, began));
			}
		}

		private void add(Piece piece, Result.Stored stored) {
			this.receipts.addAll(stored.receipts());
			if (piece.number() == 0) {
				this.replayed = stored.replayed();
			}
			if (stored.receipts().size() != piece.channels()
					&& !(piece.number() == 0 && this.receipts.size() == this.message.channels())) {
				throw new IllegalStateException("A record of another number of recipients");
			}
		}

		/** The first failure is the one that is reported. */
		private void fail(Outcome.Failed failure) {
			if (this.failed == null) {
				this.failed = failure;
			}
		}

	}

	/** Messages that Redis takes in one step. */
	private final class Call {

		private final List<Integer> indexes = new ArrayList<>();

		private final List<Prepared.Ready> messages = new ArrayList<>();

		private final List<Publisher.Request> requests = new ArrayList<>();

		private int channels;

		private long bytes;

		/** Of all its messages, once it is asked for. */
		private final Set<ChannelName> names = new HashSet<>();

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
		}

		/** Whether a channel occurs in both. */
		private boolean hasChannelOf(Call other) {
			return !Collections.disjoint(names(), other.names());
		}

		private Set<ChannelName> names() {
			if (this.names.isEmpty()) {
				this.requests.forEach((request) -> this.names.addAll(request.channels()));
			}
			return this.names;
		}

		private void fail(Function<Prepared.Ready, Outcome.Failed> failed) {
			for (int i = 0; i < this.messages.size(); i++) {
				Sending.this.outcomes.set(this.indexes.get(i), failed.apply(this.messages.get(i)));
			}
		}

		private void endKeys() {
			this.requests.forEach((request) -> end(request.idempotency()));
		}

	}

}
