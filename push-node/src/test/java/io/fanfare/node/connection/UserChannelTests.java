package io.fanfare.node.connection;

import io.fanfare.redis.presence.Presence.Received;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class UserChannelTests {

	private final UserChannel channel = new UserChannel();

	UserChannelTests() {
		this.channel.begin(10);
	}

	@Test
	void whatWasReceivedOnlyRises() {
		this.channel.received(12);
		this.channel.received(11);
		assertThat(this.channel.upTo()).isEqualTo(12);
	}

	@Test
	void aRenewalCountsOnceIdsAboveItHaveArrived() {
		this.channel.owned(20, 15);
		this.channel.owned(30, 20);
		assertThat(this.channel.upTo()).as("nothing above 20 has arrived").isEqualTo(10);
		this.channel.owned(30, 21);
		assertThat(this.channel.upTo()).isEqualTo(20);
		this.channel.owned(40, 31);
		assertThat(this.channel.upTo()).isEqualTo(30);
	}

	@Test
	void aRenewalBeforeALossSaysNothing() {
		this.channel.owned(20, 15);
		this.channel.notOwned();
		this.channel.owned(30, 25);
		assertThat(this.channel.upTo()).isEqualTo(10);
	}

	@Test
	void whatArrivedByAllNodesIsForgottenOnceAllBelowWasReceived() {
		this.channel.arrivedByAll(12);
		this.channel.arrivedByAll(14);
		this.channel.received(13);
		assertThat(this.channel.byAll()).containsExactly(14L);
		this.channel.received(14);
		assertThat(this.channel.isAnyByAll()).isFalse();
	}

	@Test
	void onlySoManyIdsAreKept() {
		for (int i = 0; i < 1_000; i++) {
			this.channel.arrivedByAll(100 + i);
		}
		assertThat(this.channel.byAll()).hasSize(256).contains(100L, 355L);
	}

	@Test
	void stretchesThatMeetAreOneAndALaterOneReplacesThem() {
		this.channel.hid(10, 12);
		this.channel.hid(8, 11);
		this.channel.hid(12, 15);
		assertThat(this.channel.report(40)).isEqualTo(new Received(10, 40, 8, 15));
		this.channel.hid(20, 22);
		assertThat(this.channel.report(40)).isEqualTo(new Received(10, 40, 20, 22));
	}

	@Test
	void whatTheStoreForgotIsForgottenHere() {
		this.channel.received(50);
		this.channel.arrived(60);
		this.channel.arrivedByAll(55);
		this.channel.setBack(5);
		assertThat(this.channel.upTo()).isEqualTo(5);
		assertThat(this.channel.last()).isZero();
		assertThat(this.channel.isAnyByAll()).isFalse();
	}

}
