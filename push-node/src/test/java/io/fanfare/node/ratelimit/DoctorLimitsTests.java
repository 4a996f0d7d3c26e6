package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.fanfare.protocol.audit.RefusalReason;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class DoctorLimitsTests {

	private static final InetAddress FIRST = address("203.0.113.1");

	private static final InetAddress SECOND = address("203.0.113.2");

	private static final InetAddress EXEMPT = address("198.51.100.7");

	private final DoctorLimits limits = new DoctorLimits(2, 5,
			new LimitSettings(0, 0, 0, 0, Duration.ofMinutes(1), List.of("198.51.100.0/24")));

	private static InetAddress address(String text) {
		InetAddress address = AddressBlocks.address(text);
		assertThat(address).isNotNull();
		return address;
	}

	@Test
	void anAddressHasSoManyAtOnce() {
		assertThat(this.limits.enter(FIRST)).isNull();
		assertThat(this.limits.enter(FIRST)).isNull();
		Quota exceeded = this.limits.enter(FIRST);
		assertThat(exceeded).isEqualTo(new Quota("doctor", 2, null, null));
		assertThat(exceeded.refusal()).isEqualTo(RefusalReason.QUOTA);
		assertThat(this.limits.enter(SECOND)).isNull();
		assertThat(this.limits.open()).isEqualTo(3);
		this.limits.leave(FIRST);
		assertThat(this.limits.enter(FIRST)).as("one that was given back").isNull();
	}

	@Test
	void allAddressesTogetherHaveSoManyAtOnceExemptOnesIncluded() {
		for (int i = 0; i < 5; i++) {
			assertThat(this.limits.enter(EXEMPT)).isNull();
		}
		assertThat(this.limits.enter(EXEMPT)).isEqualTo(new Quota("doctor-node", 5, null, null));
		assertThat(this.limits.enter(FIRST)).isEqualTo(new Quota("doctor-node", 5, null, null));
		assertThat(this.limits.open()).isEqualTo(5);
		this.limits.leave(EXEMPT);
		assertThat(this.limits.enter(FIRST)).isNull();
	}

	@Test
	void theNetworkOfAnIpv6AddressCountsAsOne() {
		assertThat(this.limits.enter(address("2001:db8::1"))).isNull();
		assertThat(this.limits.enter(address("2001:db8::2"))).isNull();
		assertThat(this.limits.enter(address("2001:db8::3"))).isNotNull();
		assertThat(this.limits.enter(address("2001:db8:0:1::1"))).isNull();
	}

	@Test
	void nothingIsKeptOfAddressesThatHaveNone() {
		this.limits.enter(FIRST);
		this.limits.enter(SECOND);
		assertThat(this.limits.addresses()).isEqualTo(2);
		this.limits.leave(FIRST);
		this.limits.leave(SECOND);
		assertThat(this.limits.addresses()).isZero();
		assertThat(this.limits.open()).isZero();
	}

	@Test
	void neitherNumberIsExceededHoweverManyThreadsAsk() throws Exception {
		try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
			List<Future<?>> asking = new ArrayList<>();
			for (int i = 0; i < 8; i++) {
				InetAddress address = address("203.0.113." + i % 3);
				asking.add(threads.submit(() -> {
					for (int round = 0; round < 5_000; round++) {
						if (this.limits.enter(address) == null) {
							assertThat(this.limits.open()).isBetween(1, 5);
							this.limits.leave(address);
						}
					}
				}));
			}
			for (Future<?> one : asking) {
				one.get();
			}
		}
		assertThat(this.limits.open()).isZero();
		assertThat(this.limits.addresses()).isZero();
	}

}
