package io.fanfare.api.auth;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.mock.web.MockHttpServletRequest;

import static org.assertj.core.api.Assertions.assertThat;

class CredentialThrottleTests {

	private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - Duration.ofSeconds(90).toNanos());

	private final CredentialThrottle throttle = throttle(60);

	@Test
	void anAddressThatSendsWrongOnesIsRefusedUntilTheyAreForgotten() {
		for (int i = 0; i < 60; i++) {
			assertThat(refusal("198.51.100.1")).isNull();
			this.throttle.refused(from("198.51.100.1"));
		}
		assertThat(refusal("198.51.100.1")).isEqualTo(Duration.ofSeconds(1));
		assertThat(refusal("198.51.100.2")).isNull();
		pass(Duration.ofSeconds(1));
		assertThat(refusal("198.51.100.1")).as("one is forgotten").isNull();
		this.throttle.refused(from("198.51.100.1"));
		assertThat(refusal("198.51.100.1")).isEqualTo(Duration.ofSeconds(1));
		pass(Duration.ofSeconds(100));
		assertThat(refusal("198.51.100.1")).as("the clock has wrapped").isNull();
	}

	@Test
	void aTokenThatWasGoodIsCheckedAllTheSame() {
		this.throttle.accepted("good");
		refuse("198.51.100.1", 70);
		assertThat(this.throttle.refusal(from("198.51.100.1"), "good")).isNull();
		assertThat(this.throttle.refusal(from("198.51.100.1"), "other")).isNotNull();
	}

	@Test
	void aNetworkOfIpv6IsOneAddress() {
		refuse("2001:db8:0:1::1", 60);
		assertThat(refusal("2001:db8:0:1:ffff::2")).isNotNull();
		assertThat(refusal("2001:db8:0:2::1")).isNull();
	}

	@Test
	void whatIsRefusedAboveTheLimitDelaysNobodyFurther() {
		refuse("198.51.100.1", 60_000);
		assertThat(refusal("198.51.100.1")).isEqualTo(Duration.ofSeconds(1));
		assertThat(this.throttle.refusal(from("198.51.100.1"), null)).as("what can be no token")
			.isEqualTo(Duration.ofSeconds(1));
		pass(Duration.ofSeconds(1));
		assertThat(refusal("198.51.100.1")).isNull();
	}

	@Test
	void withoutALimitNothingIsCounted() {
		CredentialThrottle none = throttle(0);
		for (int i = 0; i < 100; i++) {
			none.refused(from("198.51.100.1"));
		}
		assertThat(none.refusal(from("198.51.100.1"), "any")).isNull();
	}

	@Test
	void onlyATrustedProxyTellsWhereACallerIs() {
		ClientAddress addresses = new ClientAddress(new AddressSettings.Proxies(List.of("127.0.0.0/8", "10.0.0.0/8")));
		assertThat(address(addresses, "198.51.100.1", "203.0.113.7")).isEqualTo("198.51.100.1");
		assertThat(address(addresses, "127.0.0.1", "203.0.113.7")).isEqualTo("203.0.113.7");
		assertThat(address(addresses, "127.0.0.1", "1.1.1.1, 203.0.113.7,10.1.1.1")).isEqualTo("203.0.113.7");
		assertThat(address(addresses, "127.0.0.1", "1.1.1.1, evil.example, 10.1.1.1")).isEqualTo("10.1.1.1");
		assertThat(address(addresses, "127.0.0.1", "203.0.113.7:1234")).isEqualTo("203.0.113.7");
		assertThat(address(addresses, "127.0.0.1", "[2001:db8::1]:80")).isEqualTo("2001:db8:0:0:0:0:0:1");
		assertThat(address(addresses, "127.0.0.1", "::ffff:203.0.113.7")).isEqualTo("203.0.113.7");
		assertThat(address(addresses, "127.0.0.1", "")).isEqualTo("127.0.0.1");
		assertThat(address(addresses, "0:0:0:0:0:0:0:1%lo", "")).startsWith("0:0:0:0:0:0:0:1");
	}

	private static String address(ClientAddress addresses, String peer, String forwarded) {
		MockHttpServletRequest request = from(peer);
		request.addHeader("X-Forwarded-For", forwarded);
		return addresses.of(request).getHostAddress();
	}

	private CredentialThrottle throttle(int limit) {
		return new CredentialThrottle(new AddressSettings.Wrong(limit), new AddressSettings.Exemptions(List.of("::1")),
				new ClientAddress(new AddressSettings.Proxies(List.of("::1"))), this.now::get,
				new SimpleMeterRegistry());
	}

	private void refuse(String address, int times) {
		for (int i = 0; i < times; i++) {
			this.throttle.refused(from(address));
		}
	}

	private @Nullable Duration refusal(String address) {
		return this.throttle.refusal(from(address), "any");
	}

	private void pass(Duration time) {
		this.now.addAndGet(time.toNanos());
	}

	private static MockHttpServletRequest from(String address) {
		MockHttpServletRequest request = new MockHttpServletRequest();
		request.setRemoteAddr(address);
		return request;
	}

}
