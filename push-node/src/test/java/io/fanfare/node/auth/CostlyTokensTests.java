package io.fanfare.node.auth;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.boot.jwt.JwtSettings;
import io.fanfare.boot.jwt.KeySettings;
import io.fanfare.boot.jwt.SignatureAlgorithm;
import io.fanfare.node.ManualScheduler;
import io.fanfare.node.Tokens;
import io.fanfare.node.ratelimit.CheckLimits;
import io.fanfare.node.ratelimit.LimitSettings;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.api.TokenMint.Algorithm;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Tokens whose signatures are checked away from the loop. */
class CostlyTokensTests {

	private static final int LIMIT = 600;

	private static final InetAddress CLIENT = address("192.0.2.1");

	private static final TokenMint CURVE = TokenMint.withNewKey(Algorithm.ES256).named("curve");

	private final List<String> errors = new ArrayList<>();

	private final Errors sink = new Errors(System::nanoTime, this.errors::add, (fatal) -> {
	});

	private final ManualScheduler scheduler = new ManualScheduler(this.sink);

	private final SignatureChecks checks = new SignatureChecks(1, this.scheduler, this.sink);

	private final List<Authentication> answers = new ArrayList<>();

	private TokenVerifier verifier = verifier(null);

	private TokenVerifier verifier(@Nullable String address) {
		JwtSettings settings = new JwtSettings(
				List.of(new KeySettings("curve", SignatureAlgorithm.ES256, null, CURVE.publicKey()),
						new KeySettings(null, SignatureAlgorithm.HS256, Tokens.SECRET, null)),
				address, Duration.ofMinutes(5), Duration.ofHours(1), null, Duration.ofHours(24), null);
		LimitSettings limits = new LimitSettings(0, LIMIT, 0, 0, Duration.ofMinutes(1), List.of("198.51.100.0/24"));
		return new TokenVerifier(
				JwtKeys.of("stream", settings.jwks("x"), settings, this.scheduler, new SimpleMeterRegistry()),
				TokenRules.within(Duration.ZERO), Instant::now,
				new TokenVerifier.CostlyChecks(new CheckLimits(limits, this.scheduler.ticker()), this.checks));
	}

	private static InetAddress address(String text) {
		try {
			return InetAddress.getByName(text);
		}
		catch (UnknownHostException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String token(TokenMint mint) {
		return mint.stream("alice", Duration.ofHours(1));
	}

	private void ask(String token, InetAddress address) {
		this.verifier.authenticate(new Credential.Token(token), address, this.answers::add);
	}

	@Test
	void aSecretIsCheckedAtOnceAndAPublicKeyLater() {
		ask(token(Tokens.MINT), CLIENT);
		assertThat(this.answers).singleElement().isInstanceOf(Authentication.Granted.class);
		ask(token(CURVE), CLIENT);
		ask(token(TokenMint.withNewKey(Algorithm.ES256).named("curve")), CLIENT);
		assertThat(this.answers).hasSize(1);
		assertThat(this.checks.waiting()).isEqualTo(2);
		this.scheduler.run();
		assertThat(this.answers).hasSize(3);
		assertThat(this.answers.get(1)).isInstanceOfSatisfying(Authentication.Granted.class,
				(granted) -> assertThat(granted.token().user()).isEqualTo("alice"));
		assertThat(this.answers.get(2)).isInstanceOf(Authentication.Refused.class);
		assertThat(this.checks.waiting()).isZero();
		assertThat(this.errors).isEmpty();
	}

	@Test
	void aTokenOfWhichNoKeyIsKnownIsRefusedWithoutACheck() {
		for (int i = 0; i < 2 * LIMIT; i++) {
			ask(token(TokenMint.withNewKey(Algorithm.EdDSA).named("k" + i)), CLIENT);
		}
		assertThat(this.answers).hasSize(2 * LIMIT).allMatch((one) -> one instanceof Authentication.Refused);
		assertThat(this.checks.waiting()).isZero();
	}

	@Test
	void anAddressIsLimitedBeforeItsTokensAreChecked() {
		String bad = token(CURVE) + "AAAA";
		for (int i = 0; i < LIMIT; i++) {
			ask(bad, CLIENT);
			this.scheduler.run();
		}
		assertThat(this.answers).hasSize(LIMIT).allMatch((one) -> one instanceof Authentication.Refused);
		this.answers.clear();
		ask(token(CURVE), CLIENT);
		assertThat(this.answers).singleElement().isInstanceOfSatisfying(Authentication.Limited.class, (limited) -> {
			assertThat(limited.quota().policy()).isEqualTo("token-checks");
			assertThat(limited.quota().limit()).isEqualTo(LIMIT);
		});
		assertThat(this.checks.waiting()).as("nothing was checked").isZero();
		ask(token(Tokens.MINT), CLIENT);
		assertThat(this.answers.getLast()).as("a secret costs little").isInstanceOf(Authentication.Granted.class);
		InetAddress exempt = address("198.51.100.7");
		for (int i = 0; i <= LIMIT; i++) {
			ask(bad, exempt);
			this.scheduler.run();
		}
		ask(token(CURVE), exempt);
		ask(token(CURVE), address("192.0.2.2"));
		this.scheduler.run();
		assertThat(this.answers.subList(this.answers.size() - 2, this.answers.size()))
			.allMatch((one) -> one instanceof Authentication.Granted);
		this.scheduler.pass(Duration.ofMinutes(1));
		ask(token(CURVE), CLIENT);
		this.scheduler.run();
		assertThat(this.answers.getLast()).as("the window is over").isInstanceOf(Authentication.Granted.class);
	}

	@Test
	void aFullQueueIsAnsweredAtOnce() {
		int full = 512;
		for (int i = 0; i < full; i++) {
			ask(token(CURVE), CLIENT);
		}
		assertThat(this.answers).isEmpty();
		ask(token(CURVE), address("192.0.2.2"));
		assertThat(this.answers).containsExactly(new Authentication.Unavailable(CloseReason.FULL));
		this.answers.clear();
		this.scheduler.run();
		assertThat(this.answers).hasSize(full).allMatch((one) -> one instanceof Authentication.Granted);
		ask(token(CURVE), address("192.0.2.2"));
		this.scheduler.run();
		assertThat(this.answers.getLast()).isInstanceOf(Authentication.Granted.class);
	}

	@Test
	void whileKeysCannotBeFetchedATokenIsNeitherRightNorWrong() {
		this.verifier = verifier("http://127.0.0.1:1/jwks");
		TokenMint other = TokenMint.withNewKey(Algorithm.ES256).named("other");
		for (int i = 0; i < 3; i++) {
			ask(token(other), CLIENT);
			this.scheduler.run();
			assertThat(this.answers).containsExactly(new Authentication.Unavailable(CloseReason.KEYS_UNAVAILABLE));
			this.answers.clear();
		}
		ask(token(CURVE), CLIENT);
		ask(token(TokenMint.withNewKey(Algorithm.ES256).named("curve")), CLIENT);
		this.scheduler.run();
		assertThat(this.answers.get(0)).as("a key of the settings").isInstanceOf(Authentication.Granted.class);
		assertThat(this.answers.get(1)).as("its kid is known").isInstanceOf(Authentication.Refused.class);
	}

	@Test
	void aCheckThatThrowsIsAnsweredAndNoted() {
		List<String> failed = new ArrayList<>();
		assertThat(this.checks.submit(() -> {
			throw new IllegalStateException("injected");
		}, () -> failed.add("told"))).isTrue();
		this.scheduler.run();
		assertThat(failed).containsExactly("told");
		assertThat(this.errors).containsExactly("auth");
		assertThat(this.checks.waiting()).isZero();
	}

}
