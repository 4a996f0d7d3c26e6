package io.fanfare.node.stream;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.fanfare.node.ratelimit.AddressBlocks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class TrustedProxiesTests {

	private static final InetAddress PROXY = InetAddress.ofLiteral("10.0.0.1");

	private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);

	private final TrustedProxies proxies = new TrustedProxies(
			AddressBlocks.parse("trusted", List.of("10.0.0.0/8", "2001:db8:f::/48")), this.nanos::get);

	private TrustedProxies.Client behind(String... forwarded) {
		return this.proxies.client(PROXY, List.of(forwarded));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', nullValues = "-",
			value = { "203.0.113.9|203.0.113.9", "  203.0.113.9\t|203.0.113.9", "203.0.113.9, 10.9.9.9|203.0.113.9",
					"203.0.113.9,10.9.9.9,2001:db8:f::7|203.0.113.9",
					// Whatever the client put there before the last proxy saw it.
					"127.0.0.1, 203.0.113.9|203.0.113.9", "10.0.0.1, 203.0.113.9|203.0.113.9",
					"garbage, 203.0.113.9|203.0.113.9", "203.0.113.9, , 10.9.9.9,|203.0.113.9",
					"::ffff:203.0.113.9|203.0.113.9", "203.0.113.9:4711|203.0.113.9", "[2001:db8::9]:4711|2001:db8::9",
					"[2001:db8::9]|2001:db8::9", "2001:db8::9|2001:db8::9", "2001:db8::9%eth0|2001:db8::9" })
	void theClientIsTheFirstFromTheRightThatIsNoTrustedProxy(String forwarded, String client) {
		assertThat(behind(forwarded)).isEqualTo(new TrustedProxies.Client(InetAddress.ofLiteral(client), false));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "203.0.113.9, garbage|10.0.0.1", "203.0.113.9, localhost, 10.0.0.7|10.0.0.7",
					"203.0.113.9, 1.2.3.4.5|10.0.0.1", "unknown|10.0.0.1", "' '|10.0.0.1",
					"10.0.0.8, 10.0.0.7|10.0.0.8", "203.0.113.9, 127.1|10.0.0.1", "203.0.113.9, [::1|10.0.0.1" })
	void whereTheLineEndsAtAProxyThatIsToldAsDoubtful(String forwarded, String client) {
		assertThat(behind(forwarded)).isEqualTo(new TrustedProxies.Client(InetAddress.ofLiteral(client), true));
	}

	@Test
	void aProxyThatForwardsNothingIsItself() {
		assertThat(behind()).isEqualTo(new TrustedProxies.Client(PROXY, true));
	}

	@Test
	void severalHeadersAreOneList() {
		assertThat(behind("198.51.100.1, 203.0.113.9", "10.0.0.7", "10.0.0.8, 10.0.0.9").address())
			.isEqualTo(InetAddress.ofLiteral("203.0.113.9"));
		assertThat(behind("203.0.113.9", "198.51.100.1").address()).isEqualTo(InetAddress.ofLiteral("198.51.100.1"));
	}

	@Test
	void whoIsNoTrustedProxyIsNotBelieved() {
		InetAddress peer = InetAddress.ofLiteral("203.0.113.1");
		assertThat(this.proxies.client(peer, List.of("198.51.100.1"))).isEqualTo(new TrustedProxies.Client(peer, true));
		assertThat(this.proxies.client(peer, List.of())).isEqualTo(new TrustedProxies.Client(peer, false));
	}

	@Test
	void aLongLineIsReadFromTheRight() {
		String[] many = new String[4_000];
		Arrays.fill(many, "1.1.1.1");
		many[many.length - 1] = "203.0.113.9";
		assertThat(behind(String.join(",", many)).address()).isEqualTo(InetAddress.ofLiteral("203.0.113.9"));
		Arrays.fill(many, "10.1.1.1");
		many[0] = "203.0.113.9";
		assertThat(behind(String.join(",", many)).address()).isEqualTo(InetAddress.ofLiteral("203.0.113.9"));
	}

	@Test
	void aHintIsGivenOnceAMinute() {
		Logger logger = (Logger) LoggerFactory.getLogger(TrustedProxies.class);
		ListAppender<ILoggingEvent> appender = new ListAppender<>();
		appender.start();
		logger.addAppender(appender);
		try {
			for (int i = 0; i < 4; i++) {
				this.proxies.hint(PROXY);
				this.nanos.addAndGet(Duration.ofSeconds(30).toNanos());
			}
		}
		finally {
			logger.detachAppender(appender);
		}
		assertThat(appender.list).hasSize(2)
			.allSatisfy((event) -> assertThat(event.getFormattedMessage()).contains("10.0.0.1")
				.contains("FANFARE_TRUSTED_PROXIES"));
	}

	@Test
	void aProxyThatIsNoAddressIsNamedWithItsSetting() {
		assertThatIllegalArgumentException().isThrownBy(() -> new StreamSettings.Proxies(List.of("nginx")))
			.withMessageContaining("fanfare.trusted-proxies (FANFARE_TRUSTEDPROXIES)")
			.withMessageContaining("number 1 is neither");
	}

}
