package io.fanfare.protocol.http;

import java.util.Collections;
import java.util.List;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class AddressSharesTests {

	@Test
	void addressesThatTakeAllLeaveAsMuchAsEachHas() {
		assertThat(AddressShares.most(790, List.of(790))).isEqualTo(395);
		assertThat(AddressShares.most(790, List.of(395, 395))).isEqualTo(263);
		assertThat(AddressShares.most(790, Collections.nCopies(4, 197))).isEqualTo(158);
	}

	@Test
	void whoHoldsLittleIsNotInvolved() {
		assertThat(AddressShares.most(790, List.of(10, 5, 190, 190, 190, 190))).isEqualTo(155);
		assertThat(AddressShares.most(100, List.of(1, 1, 1))).isEqualTo(97);
		assertThat(AddressShares.most(100, List.of())).isEqualTo(100);
		assertThat(AddressShares.most(10, Collections.nCopies(10, 1))).isEqualTo(1);
	}

	/** Above the share there is only what has to go for the same number to be free. */
	@Property
	void aShareIsFreeOnceAllHaveComeDownToIt(@ForAll @IntRange(min = 1, max = 5_000) int max,
			@ForAll @Size(max = 50) List<@IntRange(min = 1, max = 500) Integer> held) {
		int share = AddressShares.most(max, held);
		int left = held.stream().mapToInt((count) -> Math.min(count, share)).sum();
		if (share > 1) {
			assertThat(max - left).isGreaterThanOrEqualTo(share);
		}
		long above = held.stream().filter((count) -> count > share).count();
		if (above > 0 && share > 1) {
			assertThat(max - left).as("a larger share would not be free").isLessThan((int) (share + above + 1));
		}
	}

	@Test
	void onlyTheLastQuarterIsShared() {
		assertThat(AddressShares.isCrowded(75, 100)).isFalse();
		assertThat(AddressShares.isCrowded(76, 100)).isTrue();
		assertThat(AddressShares.isCrowded(2, 2)).isFalse();
	}

	@Test
	void anIpv6SiteIsOneAddress() {
		assertThat(AddressShares.key("2001:db8:5:1:0:0:0:5")).isEqualTo("2001:db8:5::/48")
			.isEqualTo(AddressShares.key("2001:db8:5:ffff:ffff:0:0:6"))
			.isNotEqualTo(AddressShares.key("2001:db8:6:1:0:0:0:5"));
		assertThat(AddressShares.key("192.0.2.1")).isEqualTo("192.0.2.1");
	}

	@Test
	void aFewConnectionsAreNeverTooMany() {
		assertThat(AddressShares.modest(790)).isEqualTo(49);
		assertThat(AddressShares.modest(4)).isOne();
	}

}
