package io.fanfare.protocol;

import java.util.Arrays;

import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/**
 * Why a stream ends, and what its client should do. The one table of the contract; wire
 * names never change.
 */
public enum CloseReason {

	/** A newer page of the same user took over. */
	TAKEOVER("takeover", Advice.STOP),
	/** The user logged out. */
	LOGOUT("logout", Advice.STOP),
	/** The user's rights changed. */
	PERMISSION_CHANGE("permission-change", Advice.STOP),
	/** The user's access was taken away. */
	REVOKED("revoked", Advice.STOP),

	/** The stream reached its age. */
	LIFETIME("lifetime", Advice.COME_BACK),
	/** Nothing was sent for long. */
	IDLE("idle", Advice.COME_BACK),
	/** An operator asks for it. */
	MAINTENANCE("maintenance", Advice.COME_BACK),
	/** The node is being emptied. */
	DRAIN("drain", Advice.COME_BACK),
	/** Another node has more room. */
	REBALANCE("rebalance", Advice.COME_BACK),
	/** The client read nothing for too long. */
	SLOW("slow", Advice.COME_BACK),
	/** The client no longer answers. */
	ZOMBIE("zombie", Advice.COME_BACK),
	/** Several things in a row went wrong with the stream. */
	ERROR("error", Advice.COME_BACK),
	/** The node is short of memory. */
	MEMORY("memory", Advice.COME_BACK),
	/** The place was given to a client of a higher tier. */
	PREEMPTED("preempted", Advice.COME_BACK),
	/** The token's time is over: come back with a new one. */
	TOKEN_EXPIRED("token-expired", Advice.COME_BACK),

	/** The node holds all it may hold. */
	FULL("full", Advice.COME_BACK_AFTER),
	/** Too many opens from there. */
	RATE_LIMITED("rate-limited", Advice.COME_BACK_AFTER),
	/** The node takes no streams any more. */
	DRAINING("draining", Advice.COME_BACK_AFTER),
	/** Redis does not answer this node. */
	REDIS_UNAVAILABLE("redis-unavailable", Advice.COME_BACK_AFTER),
	/** It is not known whether the key of the token is right. */
	KEYS_UNAVAILABLE("keys-unavailable", Advice.COME_BACK_AFTER);

	/** What the client should do, and by which block it learns of it. */
	public enum Advice {

		/** Do not come back by yourself: {@code push.kicked}. */
		STOP("push.kicked"),
		/** Come back after {@code retry}: {@code push.goaway}. Nothing is lost. */
		COME_BACK("push.goaway"),
		/** Was never admitted; come back after {@code retry}: {@code push.busy}. */
		COME_BACK_AFTER("push.busy");

		private final String event;

		Advice(String event) {
			this.event = event;
		}

		/**
		 * The block that carries it.
		 * @return the name of the event
		 */
		public String event() {
			return this.event;
		}

	}

	private final String wireName;

	private final Advice advice;

	CloseReason(String wireName, Advice advice) {
		this.wireName = wireName;
		this.advice = advice;
	}

	/**
	 * The name on the wire and in metrics.
	 * @return the name
	 */
	@JsonValue
	public String wireName() {
		return this.wireName;
	}

	/**
	 * What the client should do.
	 * @return the advice
	 */
	public Advice advice() {
		return this.advice;
	}

	/**
	 * Finds a reason by its wire name.
	 * @param wireName the name
	 * @return the reason, or null if there is none of that name
	 */
	public static @Nullable CloseReason find(String wireName) {
		return Arrays.stream(values()).filter((reason) -> reason.wireName.equals(wireName)).findFirst().orElse(null);
	}

}
