package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

import io.fanfare.node.auth.Authentication;
import io.fanfare.node.auth.Credential;
import io.fanfare.node.auth.ThrottledAuthenticator;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.audit.RefusalReason;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RefusalLimitsTests {

	private static final InetAddress OFFICE = InetAddress.ofLiteral("192.0.2.7");

	private long now;

	private int checked;

	private final RefusalLimits limits = limits(2);

	private RefusalLimits limits(int most) {
		return new RefusalLimits(new LimitSettings(0, 0, 0, 0, Duration.ofMinutes(1), List.of("198.51.100.0/24")),
				new RefusalSettings(most), () -> this.now);
	}

	private Authentication show(Authentication outcome, InetAddress address) {
		return show(new Credential.Token("x"), outcome, address);
	}

	private Authentication show(Credential shown, Authentication outcome, InetAddress address) {
		AtomicReference<Authentication> answer = new AtomicReference<>();
		new ThrottledAuthenticator((credential, from, then) -> {
			this.checked++;
			then.accept(outcome);
		}, this.limits).authenticate(shown, address, answer::set);
		return Objects.requireNonNull(answer.get());
	}

	@Test
	void anAddressIsToldWhyUntilItWasToldTooOften() {
		Authentication wrong = new Authentication.Refused(RefusalReason.TOKEN_SIGNATURE, "wrong");
		for (int i = 0; i < 2; i++) {
			assertThat(show(wrong, OFFICE)).isSameAs(wrong);
		}
		this.now += Duration.ofSeconds(20).toNanos();
		assertThat(show(wrong, OFFICE)).isEqualTo(
				new Authentication.Limited(new Quota("refusals", 2, Duration.ofMinutes(1), Duration.ofSeconds(40))));
		assertThat(show(wrong, InetAddress.ofLiteral("192.0.2.8"))).as("another address").isSameAs(wrong);
		this.now += Duration.ofSeconds(40).toNanos();
		assertThat(show(wrong, OFFICE)).as("the next window").isSameAs(wrong);
	}

	@Test
	void whatIsRightIsNeitherCountedNorRefused() {
		Authentication right = new Authentication.Unavailable(CloseReason.FULL);
		for (int i = 0; i < 5; i++) {
			assertThat(show(new Authentication.Refused(RefusalReason.TOKEN_SIGNATURE, "wrong"), OFFICE)).isNotNull();
			assertThat(show(right, OFFICE)).isSameAs(right);
		}
	}

	@Test
	void aTicketIsNotLookedUpForAnAddressThatWasToldTooOften() {
		Credential ticket = new Credential.Ticket("x", "");
		Authentication wrong = new Authentication.Refused(RefusalReason.TOKEN_SIGNATURE, "wrong");
		for (int i = 0; i < 3; i++) {
			assertThat(show(ticket, wrong, OFFICE)).isNotNull();
		}
		assertThat(this.checked).isEqualTo(3);
		assertThat(show(ticket, wrong, OFFICE)).isInstanceOf(Authentication.Limited.class);
		assertThat(this.checked).isEqualTo(3);
		assertThat(show(ticket, wrong, InetAddress.ofLiteral("192.0.2.8"))).as("another address").isSameAs(wrong);
		for (int i = 0; i < 5; i++) {
			assertThat(show(ticket, wrong, InetAddress.ofLiteral("198.51.100.9"))).as("exempt").isSameAs(wrong);
		}
		this.now += Duration.ofMinutes(1).toNanos();
		assertThat(show(ticket, wrong, OFFICE)).as("the next window").isSameAs(wrong);
	}

	@Test
	void whoIsExemptAndAllWithoutALimitAreToldWhy() {
		InetAddress exempt = InetAddress.ofLiteral("198.51.100.9");
		RefusalLimits none = limits(0);
		for (int i = 0; i < 10; i++) {
			assertThat(this.limits.refused(exempt)).isNull();
			assertThat(none.refused(OFFICE)).isNull();
		}
	}

	/** Who fills what there is for single addresses spends no count of other networks. */
	@Test
	void anAddressThatDoesNotFitIsCountedWithItsNetwork() {
		for (int i = 0; i < 100_000; i++) {
			assertThat(this.limits.refused(address("2001:db8:" + Integer.toHexString(i >> 16) + ":%x::1", i & 0xffff)))
				.isNull();
		}
		assertThat(this.limits.refused(address("2001:db8:%x::1", 0))).as("one that fits").isNull();
		assertThat(this.limits.refused(address("2001:db8:%x::1", 0))).isNotNull();
		assertThat(refusedOf("2001:db8:0:1:%x::1")).as("an address that is known").containsExactly(false, true, true);
		assertThat(refusedOf("192.0.2.%d")).as("a network of IPv4").containsExactly(false, false, true);
		assertThat(refusedOf("192.0.3.%d")).as("the next").containsExactly(false, false, true);
		assertThat(refusedOf("2001:db8:7:%x::1")).as("a network of IPv6").containsExactly(false, false, true);
		assertThat(refusedOf("2001:db8:8:%x::1")).as("the next").containsExactly(false, false, true);
		this.now += Duration.ofMinutes(1).toNanos();
		assertThat(this.limits.refused(address("2001:db8:7:%x::1", 9))).as("the next window").isNull();
	}

	@Test
	void aNetworkThatDoesNotFitIsCountedWithALargerOne() {
		for (int i = 0; i < 300_000; i++) {
			this.limits.refused(address("2001:" + Integer.toHexString(0x100 + (i >> 16)) + ":%x::1", i & 0xffff));
		}
		assertThat(refusedOf("2001:1:%x::1")).as("a network that has nothing to do with it")
			.containsExactly(false, false, true);
		assertThat(refusedOf("2001:2:%x::1")).as("the next").containsExactly(false, false, true);
		assertThat(refusedOf("2001:104:%x::ff")).as("one that has").containsExactly(true, true, true);
	}

	private List<Boolean> refusedOf(String format) {
		return IntStream.rangeClosed(1, 3).mapToObj((i) -> this.limits.refused(address(format, i)) != null).toList();
	}

	private static InetAddress address(String format, int number) {
		return InetAddress.ofLiteral(String.format(format, number));
	}

}
