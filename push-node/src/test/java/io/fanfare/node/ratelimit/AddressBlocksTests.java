package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class AddressBlocksTests {

	@ParameterizedTest
	@CsvSource({ "192.0.2.1, 192.0.2.1, true", "192.0.2.1, 192.0.2.2, false", "10.0.0.0/8, 10.255.0.1, true",
			"10.0.0.0/8, 11.0.0.0, false", "10.1.2.3/8, 10.9.9.9, true", "192.0.2.128/25, 192.0.2.127, false",
			"192.0.2.128/25, 192.0.2.128, true", "172.16.0.0/12, 172.31.255.255, true",
			"172.16.0.0/12, 172.32.0.0, false", "0.0.0.0/0, 203.0.113.9, true", "0.0.0.0/0, ::2, false",
			"::/0, 203.0.113.9, false", "::/0, 2001:db8::1, true", "::1, 0:0:0:0:0:0:0:1, true",
			"2001:db8::/33, 2001:db8:7fff::1, true", "2001:db8::/33, 2001:db8:8000::1, false",
			"::ffff:192.0.2.0/120, 192.0.2.9, true", "::ffff:192.0.2.0/120, 192.0.3.9, false",
			"192.0.2.0/24, ::ffff:192.0.2.9, true", "192.0.2.0/24, ::ffff:c000:209, true" })
	void aBlockHasTheAddressesThatBeginLikeIt(String block, String address, boolean contained) {
		AddressBlocks blocks = AddressBlocks.parse("setting", List.of("203.0.113.7", block));
		assertThat(blocks.contains(AddressBlocks.address(address))).isEqualTo(contained);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0/8",
			"10.0.0.256", "::1/129", "::g", "10.0.0.0/8/8", "::ffff:10.0.0.0/8", "fe80::1%eth0", "1", "*" })
	void whatIsNoBlockIsNamedWithItsSetting(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> AddressBlocks.parse("fanfare.some", List.of("::1", text)))
			.withMessageContaining("fanfare.some")
			.withMessageEndingWith("number 2 is neither");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new LimitSettings(1, 1, 1, 1, Duration.ofMinutes(1), List.of(text)))
			.withMessageContaining("fanfare.limits.exempt");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "localhost", "example.org", "127.1", "2130706433", "0x7f.0.0.1", "1.2.3.4.5",
			"unknown", "_hidden", "1.2.3.4 ", "::1::", "[::1]x" })
	void namesAndOddFormsAreNoAddresses(String text) {
		assertThat(AddressBlocks.address(text)).isNull();
	}

	@Test
	void aZoneIsLeftOut() throws Exception {
		assertThat(AddressBlocks.address("fe80::1%eth0")).isEqualTo(InetAddress.ofLiteral("fe80::1"));
	}

	@Test
	void anIpv6AddressCountsWithItsNetwork() {
		assertThat(AddressLimits.key(AddressBlocks.address("2001:db8:1:2:3:4:5:6")))
			.isEqualTo(AddressLimits.key(AddressBlocks.address("2001:db8:1:2::")))
			.isEqualTo("2001:0db8:0001:0002::/64")
			.isNotEqualTo(AddressLimits.key(AddressBlocks.address("2001:db8:1:3::")));
		assertThat(AddressLimits.key(AddressBlocks.address("::ffff:192.0.2.9"))).isEqualTo("192.0.2.9");
	}

}
