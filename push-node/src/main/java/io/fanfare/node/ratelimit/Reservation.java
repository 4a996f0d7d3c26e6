package io.fanfare.node.ratelimit;

import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/** A stream that an address has, or wants to have. Any thread may call. */
public interface Reservation {

	/**
	 * Returns whether the stream may be opened; within some 500 ms, on any thread.
	 * @return the quota that is used up, or null if it may be; never a failure
	 */
	CompletableFuture<@Nullable Quota> refusal();

	/**
	 * What its address has left with this stream, by the time that it was let in.
	 * @return the quotas that apply; none before that is known, or where it is not
	 */
	default List<QuotaUse> left() {
		return List.of();
	}

	/** Gives it back, once, however often it is called. */
	void giveBack();

}
