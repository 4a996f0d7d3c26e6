package io.fanfare.node.connection;

import io.fanfare.node.connection.UserClaim.Continuity;
import io.fanfare.node.connection.UserClaim.State;
import io.fanfare.node.presence.Proof;
import io.fanfare.protocol.Frame;
import io.fanfare.redis.presence.ClaimResult;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class UserClaimTests {

	private final UserClaim claim = new UserClaim();

	private static Proof proof(long link) {
		return new Proof(link, 1, 1);
	}

	private void own(long generation) {
		this.claim.sent();
		this.claim.owned(new ClaimResult.Owner(generation, 50, 10), proof(1), 0);
	}

	private static Frame.Displacement displacement(long generation) {
		return new Frame.Displacement(generation, "other", "client", "alice");
	}

	@Test
	void aClaimThatWasNeverSentIsDueAndNothingIsToBeReleased() {
		assertThat(this.claim.state()).isEqualTo(State.NONE);
		assertThat(this.claim.isDue()).isTrue();
		assertThat(this.claim.isToBeReleased()).isFalse();
		assertThat(this.claim.proof()).isNull();
	}

	@Test
	void whileOneIsOnItsWayNoOtherIsDueAndItsAnswerDecidesWhatIsReleased() {
		this.claim.sent();
		assertThat(this.claim.isDue()).isFalse();
		assertThat(this.claim.isToBeReleased()).isFalse();
	}

	@Test
	void aClaimWithoutAnAnswerIsSentAgainAndMayHaveArrived() {
		this.claim.sent();
		assertThat(this.claim.unanswered()).isZero();
		assertThat(this.claim.isDue()).isTrue();
		assertThat(this.claim.isToBeReleased()).isTrue();
		this.claim.sent();
		assertThat(this.claim.unanswered()).isEqualTo(1);
	}

	@Test
	void aRefusedClaimIsOver() {
		this.claim.sent();
		this.claim.refused();
		assertThat(this.claim.isDue()).isFalse();
		assertThat(this.claim.isToBeReleased()).isFalse();
		assertThat(this.claim.isOwned()).isFalse();
	}

	@Test
	void anOwnerHasItsGenerationAndAProofUntilItGivesUp() {
		own(7);
		assertThat(this.claim.isOwned()).isTrue();
		assertThat(this.claim.generation()).isEqualTo(7);
		assertThat(this.claim.isToBeReleased()).isTrue();
		assertThat(this.claim.proof()).isEqualTo(proof(1));
		this.claim.giveUp();
		assertThat(this.claim.proof()).isNull();
		assertThat(this.claim.isToBeReleased()).isTrue();
	}

	@Test
	void aRenewalOnTheSameLinkLeavesNoGap() {
		own(7);
		assertThat(this.claim.renewed(proof(1), 1, 0)).isEqualTo(Continuity.UNBROKEN);
		assertThat(this.claim.renewed(proof(1), 1, 1)).isEqualTo(Continuity.IDS_REPEATED);
		assertThat(this.claim.renewed(proof(1), 1, 1)).isEqualTo(Continuity.UNBROKEN);
	}

	@Test
	void aRenewalOnAnotherLinkOrSentBeforeItIsBroken() {
		own(7);
		assertThat(this.claim.renewed(proof(1), 2, 0)).as("sent before the link changed").isEqualTo(Continuity.BROKEN);
		assertThat(this.claim.renewed(proof(2), 2, 0)).as("the first on the link").isEqualTo(Continuity.BROKEN);
		assertThat(this.claim.renewed(proof(2), 2, 0)).isEqualTo(Continuity.UNBROKEN);
		assertThat(this.claim.renewed(proof(0), 0, 0)).isEqualTo(Continuity.BROKEN);
		assertThat(this.claim.renewed(proof(0), 0, 0)).as("without a link").isEqualTo(Continuity.BROKEN);
	}

	@Test
	void aRenewalAfterItGaveUpIsBroken() {
		own(7);
		this.claim.giveUp();
		assertThat(this.claim.renewed(proof(1), 1, 0)).isEqualTo(Continuity.BROKEN);
	}

	@Test
	void theDataLossFloorOnlyRises() {
		own(7);
		assertThat(this.claim.raiseDataLossFloor(10)).isFalse();
		assertThat(this.claim.raiseDataLossFloor(11)).isTrue();
		assertThat(this.claim.raiseDataLossFloor(9)).isFalse();
		assertThat(this.claim.raiseDataLossFloor(11)).isFalse();
	}

	@Test
	void theLowestIdFromWhichMessagesAreHiddenCounts() {
		this.claim.hidden(30L);
		this.claim.hidden(null);
		this.claim.hidden(40L);
		assertThat(this.claim.hiddenFrom()).isEqualTo(30);
		this.claim.sent();
		this.claim.owned(new ClaimResult.Owner(7, 50, 10, 20L, null, java.util.Map.of()), proof(1), 0);
		assertThat(this.claim.hiddenFrom()).isEqualTo(20);
	}

	@Test
	void aNewerGenerationDisplacesAnOwnerAndAnOlderDoesNot() {
		assertThat(this.claim.isDisplaced(displacement(9))).as("nothing is claimed").isFalse();
		own(7);
		assertThat(this.claim.isDisplaced(displacement(7))).isFalse();
		assertThat(this.claim.isDisplaced(displacement(8))).isTrue();
		assertThat(this.claim.displacement()).isNull();
	}

	@Test
	void theNewestDisplacementThatComesBeforeTheAnswerIsKept() {
		this.claim.sent();
		assertThat(this.claim.isDisplaced(displacement(8))).isFalse();
		assertThat(this.claim.isDisplaced(displacement(9))).isFalse();
		assertThat(this.claim.isDisplaced(displacement(6))).isFalse();
		assertThat(this.claim.displacement()).isEqualTo(displacement(9));
	}

	@Test
	void aNewServerCountsAlsoWhereARenewalReachedItFirst() {
		own(7);
		assertThat(this.claim.raiseDataLossFloor(60)).isTrue();
		assertThat(this.claim.serverChanged(60)).isTrue();
		assertThat(this.claim.serverChanged(60)).isFalse();
		assertThat(this.claim.raiseDataLossFloor(60)).isFalse();
	}

}
