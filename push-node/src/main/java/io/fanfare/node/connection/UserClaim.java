package io.fanfare.node.connection;

import io.fanfare.node.presence.Proof;
import io.fanfare.protocol.Frame;
import io.fanfare.redis.presence.ClaimResult;
import org.jspecify.annotations.Nullable;

/**
 * A connection's claim to its user: how far it has come, which generation it has, and
 * what proves that it still holds. It moves by what the connection reports, and answers
 * what follows. Belongs to its connection's loop.
 * <ul>
 * <li>NONE or UNANSWERED becomes SENT by {@link #sent},</li>
 * <li>SENT becomes UNANSWERED by {@link #unanswered}, OWNED by {@link #owned}, REFUSED by
 * {@link #refused}.</li>
 * </ul>
 */
final class UserClaim {

	private State state = State.NONE;

	private int failures;

	/** 0 until it owns the user. */
	private long generation;

	private @Nullable Proof proof;

	/** Below it Redis may have lost something, as of the last claim or renewal. */
	private long dataLossFloor;

	/**
	 * The same as of the claim, or of the last change of servers: unlike a renewal, which
	 * may reach another server before the link does, these say where the stream stands.
	 */
	private long serverFloor;

	/** How often ids had stepped back on its loop at the last claim or renewal. */
	private int stepsBack;

	/**
	 * Up to where, at least, the stream that it continues received the user's channel;
	 * null where nothing is known to be hidden.
	 */
	private @Nullable Long hiddenFrom;

	/** The newest displacement that arrived before the claim's answer. */
	private Frame.@Nullable Displacement displacement;

	/** How far it has come. */
	enum State {

		/** It was never sent: Redis does not know the connection. */
		NONE,
		/** It is on its way; there is one at a time. */
		SENT,
		/** It was sent and not answered: Redis may name the connection. */
		UNANSWERED,
		/** Redis names the connection. */
		OWNED,
		/** Redis refused it: the connection ends. */
		REFUSED

	}

	/** How what arrived since the last proof hangs together. */
	enum Continuity {

		/** It came on one link, and ids rose: nothing is missing. */
		UNBROKEN,
		/** It came on one link, but the store gave some ids once more. */
		IDS_REPEATED,
		/** What was published in between may have gone nowhere. */
		BROKEN

	}

	State state() {
		return this.state;
	}

	/** Whether it is to be sent, or sent again. */
	boolean isDue() {
		return switch (this.state) {
			case NONE, UNANSWERED -> true;
			case SENT, OWNED, REFUSED -> false;
		};
	}

	/** Whether Redis names the connection, as far as is known. */
	boolean isOwned() {
		return this.state == State.OWNED;
	}

	/**
	 * Whether the user has to be given up when the connection ends. Where a claim is on
	 * its way, its answer decides.
	 */
	boolean isToBeReleased() {
		return switch (this.state) {
			case UNANSWERED, OWNED -> true;
			case NONE, SENT, REFUSED -> false;
		};
	}

	/** It is on its way. */
	void sent() {
		this.state = State.SENT;
	}

	/**
	 * There was no answer.
	 * @return how often there was none before
	 */
	int unanswered() {
		this.state = State.UNANSWERED;
		return this.failures++;
	}

	/** Redis refused it. */
	void refused() {
		this.state = State.REFUSED;
	}

	/**
	 * It owns the user.
	 * @param owner what Redis answered
	 * @param sent proves it as of when the claim was sent
	 * @param loopStepsBack how often ids have stepped back on its loop
	 */
	void owned(ClaimResult.Owner owner, Proof sent, int loopStepsBack) {
		this.state = State.OWNED;
		this.generation = owner.generation();
		this.dataLossFloor = owner.dataLossFloor();
		this.serverFloor = owner.dataLossFloor();
		this.stepsBack = loopStepsBack;
		this.proof = sent;
		hidden(owner.hiddenFrom());
	}

	/** Which of the user's claims it is; 0 until it owns the user. */
	long generation() {
		return this.generation;
	}

	/** What proves that it holds, or null. */
	@Nullable Proof proof() {
		return this.proof;
	}

	/** It is given up: nothing proves it any more. */
	void giveUp() {
		this.proof = null;
	}

	/**
	 * A renewal confirmed it.
	 * @param sent proves it as of when the renewal was sent
	 * @param link the present link of its loop
	 * @param loopStepsBack how often ids have stepped back on its loop
	 * @return how what arrived since the last proof hangs together
	 */
	Continuity renewed(Proof sent, long link, int loopStepsBack) {
		Proof before = this.proof;
		// A renewal that was sent before the loop knew that its link is gone may have
		// reached another server than the link did.
		boolean sameLink = before != null && before.link() == sent.link() && sent.link() == link && link != 0;
		boolean idsRose = loopStepsBack == this.stepsBack;
		this.stepsBack = loopStepsBack;
		this.proof = sent;
		return !sameLink ? Continuity.BROKEN : idsRose ? Continuity.UNBROKEN : Continuity.IDS_REPEATED;
	}

	/**
	 * Redis may have lost something below an id.
	 * @param floor the id
	 * @return whether that is more than was known
	 */
	boolean raiseDataLossFloor(long floor) {
		boolean raised = floor > this.dataLossFloor;
		this.dataLossFloor = Math.max(this.dataLossFloor, floor);
		return raised;
	}

	/**
	 * Redis is another server, which may have lost something below an id.
	 * @param floor the id
	 * @return whether that is more than was known of the server before
	 */
	boolean serverChanged(long floor) {
		boolean raised = floor > this.serverFloor;
		this.serverFloor = Math.max(this.serverFloor, floor);
		this.dataLossFloor = Math.max(this.dataLossFloor, floor);
		return raised;
	}

	/** The stream that it continues received the user's channel up to an id only. */
	void hidden(@Nullable Long from) {
		if (from != null && (this.hiddenFrom == null || from < this.hiddenFrom)) {
			this.hiddenFrom = from;
		}
	}

	/** Up to where that stream received the channel; null where nothing is hidden. */
	@Nullable Long hiddenFrom() {
		return this.hiddenFrom;
	}

	/**
	 * A newer connection may own the user. While the claim is on its way that is kept.
	 * @param by the newer connection
	 * @return whether this connection was displaced
	 */
	boolean isDisplaced(Frame.Displacement by) {
		Frame.Displacement known = this.displacement;
		if (this.state == State.SENT && (known == null || known.generation() < by.generation())) {
			this.displacement = by;
		}
		return this.state == State.OWNED && this.generation < by.generation();
	}

	/** The newest displacement that arrived before the answer, or null. */
	Frame.@Nullable Displacement displacement() {
		return this.displacement;
	}

}
