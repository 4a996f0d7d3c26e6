package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.node.ratelimit.SocketLimits.Entry;
import io.fanfare.node.ratelimit.SocketLimits.Verdict;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SocketLimitsTests {

	/** Twice three, and 64. */
	private static final int PER_ADDRESS = 70;

	private final SocketLimits limits = limits(1_000, 3);

	private static SocketLimits limits(int max, int connectionsPerAddress) {
		return new SocketLimits(max,
				new LimitSettings(connectionsPerAddress, 0, 0, 0, Duration.ofMinutes(1), List.of("198.51.100.0/24")),
				AddressBlocks.parse("fanfare.trusted-proxies", List.of("192.0.2.1")));
	}

	private static Entry enter(SocketLimits limits, String address) {
		try {
			return limits.enter(InetAddress.getByName(address));
		}
		catch (UnknownHostException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void anAddressHasTwiceItsStreamsAndSomeMoreThenIsRefusedThenClosed() {
		List<Verdict> verdicts = new ArrayList<>();
		for (int i = 0; i < 2 * PER_ADDRESS + 5; i++) {
			verdicts.add(enter(this.limits, "203.0.113.1").verdict());
		}
		assertThat(verdicts.subList(0, PER_ADDRESS)).containsOnly(Verdict.SERVED);
		assertThat(verdicts.subList(PER_ADDRESS, 2 * PER_ADDRESS)).containsOnly(Verdict.CROWDED);
		assertThat(verdicts.subList(2 * PER_ADDRESS, verdicts.size())).containsOnly(Verdict.CLOSED);
		assertThat(this.limits.refusedForAddress()).isEqualTo(PER_ADDRESS + 5);
		assertThat(enter(this.limits, "203.0.113.2").verdict()).isEqualTo(Verdict.SERVED);
	}

	@Test
	void theQuotaIsTheNumberThatApplies() {
		assertThat(this.limits.quota().limit()).isEqualTo(PER_ADDRESS);
		assertThat(limits(1, 1_000_000).quota().limit()).isEqualTo(2_000_064);
	}

	@Test
	void whatIsGivenBackMayBeTakenAgain() {
		List<Entry> entries = new ArrayList<>();
		for (int i = 0; i < PER_ADDRESS; i++) {
			entries.add(enter(this.limits, "2001:db8::" + i));
		}
		assertThat(enter(this.limits, "2001:db8::ffff").verdict()).isEqualTo(Verdict.CROWDED);
		entries.forEach(this.limits::leave);
		assertThat(this.limits.open()).isOne();
		assertThat(enter(this.limits, "2001:db8::ffff").verdict()).isEqualTo(Verdict.SERVED);
	}

	@Test
	void proxiesAndExemptAddressesCountInAllAlone() {
		SocketLimits limits = limits(300, 3);
		for (int i = 0; i < 100; i++) {
			assertThat(enter(limits, "192.0.2.1").verdict()).isEqualTo(Verdict.SERVED);
			assertThat(enter(limits, "198.51.100.7").verdict()).isEqualTo(Verdict.SERVED);
		}
		List<Entry> others = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			others.add(enter(limits, "203.0.113." + i));
		}
		assertThat(others).extracting(Entry::verdict).containsOnly(Verdict.SERVED);
		assertThat(limits.open()).isEqualTo(limits.max());
		Entry closed = enter(limits, "203.0.113.200");
		assertThat(closed.verdict()).isEqualTo(Verdict.CLOSED);
		assertThat(limits.refusedForAll()).isOne();
		limits.leave(closed);
		limits.leave(others.getFirst());
		assertThat(enter(limits, "203.0.113.200").verdict()).isEqualTo(Verdict.SERVED);
	}

	@Test
	void withoutALimitOfAddressesAnyNumberIsServed() {
		SocketLimits limits = limits(1_000, 0);
		for (int i = 0; i < 1_000; i++) {
			assertThat(enter(limits, "203.0.113.1").verdict()).isEqualTo(Verdict.SERVED);
		}
	}

}
