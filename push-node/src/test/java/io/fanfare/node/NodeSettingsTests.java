package io.fanfare.node;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.fanfare.boot.jwt.JwtSettings;
import io.fanfare.node.connection.ConnectionSettings;
import io.fanfare.node.presence.TwinSettings;
import io.fanfare.node.ratelimit.LimitSettings;
import io.fanfare.node.stream.StreamSettings;
import io.fanfare.redis.presence.Presence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class NodeSettingsTests {

	@Test
	void aLeaseEndsBeforeScriptsTakePresenceForCompleteAgain() {
		assertThatNoException().isThrownBy(() -> redis(50, 5));
		assertThatIllegalArgumentException().isThrownBy(() -> redis(51, 5))
			.withMessageContaining("fanfare.redis.lease");
		assertThatIllegalArgumentException().isThrownBy(() -> redis(0, 5)).withMessageContaining("fanfare.redis.lease");
	}

	@Test
	void aLeaseIsRenewedBeforeItEnds() {
		assertThatIllegalArgumentException().isThrownBy(() -> redis(15, 15))
			.withMessageContaining("fanfare.redis.renew-interval");
		assertThatIllegalArgumentException().isThrownBy(() -> redis(15, 0))
			.withMessageContaining("fanfare.redis.renew-interval");
	}

	@Test
	void aCommandEndsBeforeAProxyGivesTheNodeUp() {
		for (long millis : List.of(10L, 1500L)) {
			assertThatNoException().isThrownBy(() -> redis(Duration.ofMillis(millis), 15, 5));
		}
		for (long millis : List.of(-1L, 0L, 9L, 1501L)) {
			assertThatIllegalArgumentException().isThrownBy(() -> redis(Duration.ofMillis(millis), 15, 5))
				.withMessageContaining("fanfare.redis.command-timeout (FANFARE_REDIS_COMMANDTIMEOUT)");
		}
	}

	@ParameterizedTest
	@CsvSource({ "request-timeout, REQUESTTIMEOUT, 100ms, 99ms", "request-timeout, REQUESTTIMEOUT, 1h, -1s",
			"idle-timeout, IDLETIMEOUT, 100ms, 0", "warm-up, WARMUP, 0, -1ms", "send-buffer, SENDBUFFER, 4KB, 4095B",
			"send-buffer, SENDBUFFER, 1GB, 1025MB", "send-buffer, SENDBUFFER, 64KB, -1B",
			"gzip-threshold, GZIPTHRESHOLD, 0, -1B" })
	void durationsAndSizesOfStreamsHaveBounds(String name, String variable, String good, String bad) {
		Binder fits = environment(Map.of("FANFARE_STREAM_" + variable, good));
		assertThatNoException().isThrownBy(() -> fits.bindOrCreate("fanfare.stream", StreamSettings.class));
		Binder doesNotFit = environment(Map.of("FANFARE_STREAM_" + variable, bad));
		assertThatThrownBy(() -> doesNotFit.bindOrCreate("fanfare.stream", StreamSettings.class)).rootCause()
			.isInstanceOf(IllegalArgumentException.class)
			.hasMessageStartingWith("fanfare.stream." + name + " (FANFARE_STREAM_" + variable + ") must be ");
	}

	@Test
	void proxiesAndExemptAddressesAreListsAlsoInTheEnvironment() {
		Binder environment = environment(Map.of("FANFARE_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1",
				"FANFARE_LIMITS_EXEMPT", "", "FANFARE_LIMITS_OPENSPERMINUTE", "7"));
		assertThat(environment.bindOrCreate("fanfare", StreamSettings.Proxies.class).trustedProxies())
			.containsExactly("10.0.0.0/8", "192.0.2.1");
		LimitSettings limits = environment.bindOrCreate("fanfare.limits", LimitSettings.class);
		assertThat(limits.exempt()).isEmpty();
		assertThat(limits.opensPerMinute()).isEqualTo(7);
	}

	@Test
	void loopbackIsTrustedAndExemptUnlessTold() {
		Binder nothing = environment(Map.of());
		assertThat(nothing.bindOrCreate("fanfare", StreamSettings.Proxies.class).trustedProxies())
			.containsExactly("127.0.0.0/8", "::1");
		assertThat(nothing.bindOrCreate("fanfare.limits", LimitSettings.class))
			.isEqualTo(new LimitSettings(1000, 1200, 30, 10, Duration.ofMinutes(1), List.of("127.0.0.0/8", "::1")));
	}

	@Test
	void headersOfPreflightsAreAListOfNames() {
		assertThat(environment(Map.of()).bindOrCreate("fanfare", StreamSettings.Headers.class).allowedHeaders())
			.containsExactly("traceparent", "baggage", "X-Requested-With");
		for (String name : List.of("FANFARE_ALLOWED_HEADERS", "FANFARE_ALLOWEDHEADERS")) {
			assertThat(environment(Map.of(name, "X-A, x-b")).bindOrCreate("fanfare", StreamSettings.Headers.class)
				.allowedHeaders()).containsExactly("X-A", "x-b");
			assertThat(environment(Map.of(name, "")).bindOrCreate("fanfare", StreamSettings.Headers.class)
				.allowedHeaders()).isEmpty();
		}
		for (String name : List.of("X A", "X:", "Ä", "X\r\nY: z", "x".repeat(129))) {
			assertThatIllegalArgumentException().isThrownBy(() -> new StreamSettings.Headers(List.of(name)))
				.withMessageContaining("fanfare.allowed-headers (FANFARE_ALLOWEDHEADERS)");
		}
	}

	@Test
	void aClockSkewIsShort() {
		assertThat(environment(Map.of("FANFARE_JWT_SECRET", Tokens.SECRET))
			.bindOrCreate("fanfare.jwt", NodeSettings.Jwt.class)
			.clockSkew()).isEqualTo(Duration.ofSeconds(30));
		assertThatNoException().isThrownBy(() -> new NodeSettings.Jwt(Tokens.SECRET, Duration.ofMinutes(10)));
		for (Duration skew : List.of(Duration.ofMinutes(11), Duration.ofSeconds(-1))) {
			assertThatIllegalArgumentException().isThrownBy(() -> new NodeSettings.Jwt(Tokens.SECRET, skew))
				.withMessageContaining("fanfare.jwt.clock-skew (FANFARE_JWT_CLOCKSKEW)");
		}
	}

	@Test
	void aNodeDoesNotStartWithoutItsSecret() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new NodeSettings.Jwt("", Duration.ZERO).keys(JwtSettings.NONE))
			.withMessageStartingWith("fanfare.jwt.secret (FANFARE_JWT_SECRET) is not set");
		for (String secret : List.of("short", "x".repeat(40) + "\n", " " + "x".repeat(40))) {
			assertThatIllegalArgumentException().isThrownBy(() -> new NodeSettings.Jwt(secret, Duration.ZERO))
				.withMessageStartingWith("fanfare.jwt.secret (FANFARE_JWT_SECRET) ")
				.satisfies((failure) -> assertThat(failure.getMessage()).doesNotContain("xxxx"));
		}
	}

	@Test
	void allowedOriginsAreWhatBrowsersSend() {
		for (String origin : List.of("*", "", "https://app.example", "http://localhost:3000", "http://127.0.0.1:8080",
				"http://[::1]:8080", "http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*",
				"capacitor://localhost", "chrome-extension://abcdef")) {
			assertThatNoException().isThrownBy(() -> new StreamSettings.Origins(List.of(origin)));
		}
		for (String origin : List.of("https://app.example/", "https://app.example/path", "https://*.example",
				"app.example", "localhost:3000", "//app.example", "https://", "https://App.example",
				"HTTPS://app.example", "https://app.example:443", "http://app.example:80", "https://app.example:0",
				"https://app.example:123456", "https://app.example:*", "https://localhost:*", "http://localhost*",
				"http://*:3000", "https://user@app.example", "https://app.example?x", "https://app.example\r\nX: y",
				"null", "https://app.example https://other.example", "https://äpp.example",
				"https://" + "a.".repeat(200) + "x")) {
			assertThatIllegalArgumentException()
				.isThrownBy(() -> new StreamSettings.Origins(List.of("https://good.example", origin)))
				.withMessageStartingWith("fanfare.allowed-origins (FANFARE_ALLOWEDORIGINS) has ")
				.withMessageContaining("number 2");
		}
	}

	@Test
	void contradictingTimesAreRefused() {
		for (String[] wrong : new String[][] { { "MINRETRY", "6s", "max-retry" }, { "MINRETRY", "11s", "max-retry" },
				{ "MAXSPREAD", "1s", "max-spread" }, { "LIFETIME", "10ms", "lifetime" },
				{ "IDLECLOSE", "1ns", "idle-close" } }) {
			Binder binder = environment(Map.of("FANFARE_CONNECTIONS_" + wrong[0], wrong[1]));
			assertThatThrownBy(() -> binder.bindOrCreate("fanfare.connections", ConnectionSettings.class)).rootCause()
				.hasMessageStartingWith("fanfare.connections." + wrong[2] + " (FANFARE_CONNECTIONS_");
		}
	}

	@Test
	void twinNumbersHaveDefaultsAndMayBeSet() {
		TwinSettings defaults = environment(Map.of()).bindOrCreate("fanfare.twins", TwinSettings.class);
		assertThat(defaults.twins(Duration.ofSeconds(5))).isEqualTo(Presence.Twins.DEFAULT);
		assertThat(defaults.twins(Duration.ofSeconds(20)).within()).as("twice max-retry")
			.isEqualTo(Duration.ofSeconds(40));
		TwinSettings told = environment(Map.of("FANFARE_TWINS_REPLACEMENTS", "4", "FANFARE_TWINS_WITHIN", "10s",
				"FANFARE_TWINS_RETURNS", "1", "FANFARE_TWINS_WINDOW", "1m"))
			.bindOrCreate("fanfare.twins", TwinSettings.class);
		assertThat(told.twins(Duration.ofSeconds(5)))
			.isEqualTo(new Presence.Twins(4, Duration.ofSeconds(10), 1, Duration.ofMinutes(1)));
	}

	private static Binder environment(Map<String, Object> variables) {
		return new Binder(ConfigurationPropertySources.from(new SystemEnvironmentPropertySource(
				StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, variables)));
	}

	private static NodeSettings.Redis redis(long lease, long renewInterval) {
		return redis(Duration.ofSeconds(1), lease, renewInterval);
	}

	private static NodeSettings.Redis redis(Duration commandTimeout, long lease, long renewInterval) {
		return new NodeSettings.Redis("fanfare", false, commandTimeout, Duration.ofSeconds(1),
				Duration.ofSeconds(lease), Duration.ofSeconds(renewInterval));
	}

}
