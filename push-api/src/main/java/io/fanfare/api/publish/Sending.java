package io.fanfare.api.publish;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

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
 * The way of one request's messages to Redis, in their order. Belongs to the request's
 * thread.
 * <p>
 * Messages that fit go together, several in each call of the script; some calls are on
 * their way at once, unless a channel occurs in two of them: then the later one waits for
 * the answer of the earlier, since a call may be overtaken where Redis lacks the script
 * or the connection is remade. A message to more channels than one call takes goes by
 * itself, {@link PiecewiseSending in pieces}.
 */
final class Sending {

	private final ScriptCalls calls;

	private final RunningKeys running;

	/** What became of each message of the request, by its index. */
	private final List<@Nullable Receipt> receipts;

	private final Deque<Call> sent = new ArrayDeque<>();

	private Call next = new Call();

	/** How a message of the request was refused by a quota; no later one overtakes it. */
	private PublishQuota.@Nullable Refusal limit;

	/**
	 * Prepares to send.
	 * @param calls the calls of the request
	 * @param running the keys of requests that run
	 * @param receipts takes what became of each message, at its index
	 */
	Sending(ScriptCalls calls, RunningKeys running, List<@Nullable Receipt> receipts) {
		this.calls = calls;
		this.running = running;
		this.receipts = receipts;
	}

	/**
	 * Sends the messages, and waits for what becomes of each.
	 * @param messages the messages
	 */
	void send(List<PreparedMessage> messages) {
		try {
			messages.forEach(this::add);
			flush();
			settleAll();
		}
		finally {
			this.next.endKeys();
		}
	}

	private void add(PreparedMessage message) {
		Idempotency key = message.script().idempotency();
		if (key != null && !this.running.start(key)) {
			this.receipts.set(message.index(), FailureReceipts.keyInUse());
			return;
		}
		try {
			if (message.isInPieces()) {
				flush();
				settleAll();
			}
			else if (!this.next.hasRoomFor(message)) {
				flush();
			}
		}
		catch (RuntimeException | Error ex) {
			end(key);
			throw ex;
		}
		if (message.isInPieces()) {
			sendInPieces(message);
		}
		else {
			this.next.add(message);
		}
	}

	/** Its key is in use until the last of the pieces is answered. */
	private void sendInPieces(PreparedMessage message) {
		PiecewiseSending pieces = new PiecewiseSending(this.calls, message, this.limit);
		try {
			set(message, pieces.send());
		}
		finally {
			pieces.answered().whenComplete((results, failure) -> end(message.script().idempotency()));
		}
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
		while (this.sent.size() == ScriptCalls.WINDOW || this.sent.stream().anyMatch(this.next::hasChannelOf)) {
			settle(this.sent.removeFirst());
		}
		Call call = this.next;
		Exception reason = this.calls.awaitTurn();
		if (reason != null) {
			call.fail((message) -> FailureReceipts.notSent(reason, message, false));
			call.endKeys();
			this.next = new Call();
			return;
		}
		call.answer = this.calls.call(call.behind(this.limit));
		this.next = new Call();
		this.sent.addLast(call);
		call.answer.whenComplete((results, failure) -> call.endKeys());
	}

	private void settleAll() {
		while (!this.sent.isEmpty()) {
			settle(this.sent.removeFirst());
		}
	}

	private void settle(Call call) {
		try {
			List<Result> results = this.calls.await(call.answer);
			for (int i = 0; i < call.messages.size(); i++) {
				PreparedMessage message = call.messages.get(i);
				set(message, receipt(message, results.get(i)));
			}
		}
		catch (RedisUnavailableException | ProblemException ex) {
			this.calls.failed(ex);
			call.fail((message) -> FailureReceipts.failed(ex, message, false));
		}
	}

	private void set(PreparedMessage message, Receipt receipt) {
		if (receipt instanceof Receipt.Limited limited) {
			this.limit = limited.limit();
		}
		this.receipts.set(message.index(), receipt);
	}

	private static Receipt receipt(PreparedMessage message, Result result) {
		return switch (result) {
			case Result.Stored stored -> Receipt.Stored.of(message.request().target(), stored);
			case Result.KeyReused reused -> FailureReceipts.keyReused();
			case Result.Limited limited -> FailureReceipts.limited(limited);
			case Result.Refused refused -> FailureReceipts.refused(refused, message, false);
		};
	}

	/** Messages that Redis takes in one step. */
	private final class Call {

		private final List<PreparedMessage> messages = new ArrayList<>();

		private final List<Publisher.Request> requests = new ArrayList<>();

		private int channels;

		private long bytes;

		/** Of all its messages, once it is asked for. */
		private final Set<ChannelName> names = new HashSet<>();

		private CompletableFuture<List<Result>> answer = CompletableFuture.completedFuture(List.of());

		private boolean hasRoomFor(PreparedMessage message) {
			return this.messages.isEmpty() || this.channels + message.channels() <= Pieces.MAX_CHANNELS
					&& this.bytes + message.bytes() <= Pieces.MAX_BYTES;
		}

		private void add(PreparedMessage message) {
			this.messages.add(message);
			this.requests.add(message.script());
			this.channels += message.channels();
			this.bytes += message.bytes();
		}

		/** Its messages behind one that was refused, or as they are where none was. */
		private List<Publisher.Request> behind(PublishQuota.@Nullable Refusal earlier) {
			return (earlier == null) ? this.requests
					: this.requests.stream()
						.map((request) -> request.with(new PublishQuota.Charge.Behind(earlier)))
						.toList();
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

		private void fail(Function<PreparedMessage, Receipt> receipt) {
			this.messages.forEach((message) -> Sending.this.receipts.set(message.index(), receipt.apply(message)));
		}

		private void endKeys() {
			this.requests.forEach((request) -> end(request.idempotency()));
		}

	}

}
