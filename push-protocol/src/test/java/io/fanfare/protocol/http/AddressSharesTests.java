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
	void eachHasAsManyAsTheOthers() {
		assertThat(AddressShares.level(600, List.of(790))).isEqualTo(600);
		assertThat(AddressShares.level(600, List.of(395, 395))).isEqualTo(300);
		assertThat(AddressShares.level(600, Collections.nCopies(4, 197))).isEqualTo(150);
		assertThat(AddressShares.level(6, Collections.nCopies(7, 1))).isZero();
	}

	@Test
	void whatSomeDoNotHoldIsForTheOthers() {
		assertThat(AddressShares.level(600, List.of(10, 5, 190, 190, 190, 190))).isEqualTo(146);
		assertThat(AddressShares.level(100, List.of(1, 1, 1))).isEqualTo(Integer.MAX_VALUE);
		assertThat(AddressShares.level(100, List.of())).isEqualTo(Integer.MAX_VALUE);
		assertThat(AddressShares.level(10, Collections.nCopies(10, 1))).isEqualTo(Integer.MAX_VALUE);
	}

	@Property
	void aShareIsTheLargestThatAllCanHave(@ForAll @IntRange(min = 1, max = 5_000) int most,
			@ForAll @Size(max = 50) List<@IntRange(min = 1, max = 500) Integer> held) {
		int level = AddressShares.level(most, held);
		int all = held.stream().mapToInt(Integer::intValue).sum();
		assertThat(level == Integer.MAX_VALUE).isEqualTo(all <= most);
		if (all > most) {
			assertThat(held.stream().mapToInt((own) -> Math.min(own, level)).sum()).isLessThanOrEqualTo(most);
			assertThat(held.stream().mapToInt((own) -> Math.min(own, level + 1)).sum()).isGreaterThan(most);
		}
	}

	@Test
	void oneThatComesHasAsManyAsTheOthers() {
		assertThat(AddressShares.shareOfNext(40, List.of(30))).isEqualTo(15);
		assertThat(AddressShares.shareOfNext(40, List.of(8, 7, 7, 7, 1))).isEqualTo(5);
		assertThat(AddressShares.shareOfNext(40, List.of())).isEqualTo(30);
		assertThat(AddressShares.shareOfNext(40, Collections.nCopies(30, 1))).isZero();
	}

	@Test
	void aNewConnectionIsAboveTheShareOnACrowdedPortAlone() {
		assertThat(AddressShares.isSurplus(70, 0, 75, 0, 100)).isFalse();
		assertThat(AddressShares.isSurplus(21, 0, 80, 0, 100)).isTrue();
		assertThat(AddressShares.isSurplus(20, 0, 80, 0, 100)).isFalse();
		assertThat(AddressShares.isSurplus(25, 0, 80, 5, 100)).isFalse();
		assertThat(AddressShares.isSurplus(25, 25, 80, 0, 100)).isFalse();
		assertThat(AddressShares.isSurplus(6, 0, 100, 0, 100)).isFalse();
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
