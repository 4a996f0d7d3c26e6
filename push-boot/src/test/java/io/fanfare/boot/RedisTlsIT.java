package io.fanfare.boot;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.redis.CommandLink;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.network.Certificates;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.AclSetuserArgs;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** The links to a Redis that speaks TLS, asks for a certificate and for a password. */
@ExtendWith(OutputCaptureExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RedisTlsIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	private static final String TLS = "--fanfare.redis.tls.";

	@TempDir
	private static Path directory;

	private Certificates authority;

	private Certificates stranger;

	private Certificates.Issued client;

	private final List<RedisProcess> servers = new ArrayList<>();

	private int port;

	@BeforeAll
	void start() {
		Assume.installed(RequiredTool.REDIS_SERVER);
		Assume.installed(RequiredTool.OPENSSL);
		this.authority = new Certificates(directory, "authority");
		this.stranger = new Certificates(directory, "stranger");
		this.client = this.authority.issue("client", "DNS:client");
		this.port = serve(this.authority.issue("redis", "IP:127.0.0.1"));
	}

	@AfterAll
	void stop() {
		this.servers.forEach(RedisProcess::close);
	}

	private int serve(Certificates.Issued own) {
		int tls = Ports.free();
		this.servers.add(TestRedis.startTls(tls, this.authority.ca(), own));
		return tls;
	}

	@Test
	void aProcessThatShowsItsCertificateAndTrustsTheAuthorityIsIn() {
		try (ConfigurableApplicationContext process = start(this.port, ca(this.authority), shown(this.client))) {
			await().atMost(SOON).until(process.getBean(CommandLink.class)::isUp);
		}
	}

	@Test
	void aCertificateOfAnotherAuthorityIsRefused(CapturedOutput output) {
		assertRefused(this.port, output, "Redis shows a certificate that is not trusted", ca(this.stranger),
				shown(this.client));
	}

	@Test
	void aCertificateThatEndedIsRefused(CapturedOutput output) {
		assertRefused(serve(this.authority.issueExpired("expired", "IP:127.0.0.1")), output,
				"Redis shows a certificate that is not valid at this time", ca(this.authority), shown(this.client));
	}

	@Test
	void aCertificateOfAnotherHostIsRefused(CapturedOutput output) {
		assertRefused(serve(this.authority.issue("elsewhere", "DNS:redis.example,IP:10.1.2.3")), output,
				"Redis shows a certificate of another host", ca(this.authority), shown(this.client));
	}

	@Test
	void aProcessWithoutACertificateIsRefused(CapturedOutput output) {
		assertRefused(this.port, output, "Redis refuses the certificate of this process, or asks for one",
				ca(this.authority));
	}

	@Test
	void aCertificateOfAProcessFromAnotherAuthorityIsRefused(CapturedOutput output) {
		assertRefused(this.port, output, "Redis refuses the certificate of this process, or asks for one",
				ca(this.authority), shown(this.stranger.issue("imposter", "DNS:client")));
	}

	@Test
	void aPortWithoutTlsIsNamed(CapturedOutput output) {
		assertRefused(this.servers.getFirst().port(), output, "Redis does not speak TLS on this port",
				ca(this.authority));
	}

	/** The old certificate ended, and a new one lies in its place. */
	@Test
	void newFilesAreReadWithoutARestart() throws Exception {
		Path ca = directory.resolve("present.pem");
		Files.copy(this.stranger.ca(), ca);
		try (ConfigurableApplicationContext process = start(this.port, TLS + "ca=" + ca, shown(this.client))) {
			CommandLink link = process.getBean(CommandLink.class);
			assertThat(link.isUp()).isFalse();
			Files.writeString(ca, Files.readString(this.authority.ca()));
			await().atMost(SOON).until(link::isUp);
		}
	}

	/** Two passwords hold at once, so nothing stops while one replaces the other. */
	@Test
	void aPasswordIsReplacedWhileProcessesRun() {
		RedisProcess redis = this.servers.getFirst();
		String login = RedisUser.NODE.login();
		try (ConfigurableApplicationContext before = start(this.port, ca(this.authority), shown(this.client))) {
			await().atMost(SOON).until(before.getBean(CommandLink.class)::isUp);
			redis.ask((commands) -> commands.aclSetuser(login, AclSetuserArgs.Builder.addPassword("the-next-one")));
			try (ConfigurableApplicationContext after = startAt(
					"rediss://" + login + ":the-next-one@127.0.0.1:" + this.port, ca(this.authority),
					shown(this.client))) {
				await().atMost(SOON).until(after.getBean(CommandLink.class)::isUp);
				redis.ask((commands) -> commands.aclSetuser(login,
						AclSetuserArgs.Builder.removePassword(RedisUser.NODE.password())));
				assertThat(before.getBean(CommandLink.class).isUp()).as("connections stay").isTrue();
				assertThat(after.getBean(CommandLink.class).isUp()).isTrue();
			}
		}
		finally {
			redis.ask((commands) -> commands.aclSetuser(login,
					AclSetuserArgs.Builder.addPassword(RedisUser.NODE.password()).removePassword("the-next-one")));
		}
	}

	@Test
	void filesThatDoNotFitEndTheStart() throws Exception {
		Path empty = Files.createFile(directory.resolve("empty.pem"));
		assertWrong("fanfare.redis.tls.ca (FANFARE_REDIS_TLS_CA) must name a file that the process can read",
				TLS + "ca=" + directory.resolve("nowhere.pem"));
		assertWrong("fanfare.redis.tls.ca (FANFARE_REDIS_TLS_CA) must name a file of certificates in PEM",
				TLS + "ca=" + empty);
		assertWrong("fanfare.redis.tls.key (FANFARE_REDIS_TLS_KEY) must be set beside fanfare.redis.tls.certificate",
				TLS + "certificate=" + this.client.certificate());
		assertWrong("fanfare.redis.tls.certificate (FANFARE_REDIS_TLS_CERTIFICATE) must be set beside"
				+ " fanfare.redis.tls.key", TLS + "key=" + this.client.key());
		assertWrong("fanfare.redis.tls.key (FANFARE_REDIS_TLS_KEY) must name a file with a private key in PEM",
				TLS + "certificate=" + this.client.certificate(), TLS + "key=" + empty);
		assertThatThrownBy(() -> startAt("redis://127.0.0.1:" + this.port, ca(this.authority)).close())
			.hasStackTraceContaining(
					"fanfare.redis.url (FANFARE_REDIS_URL) must begin with rediss:// where fanfare.redis.tls is set");
	}

	private void assertWrong(String message, String... settings) {
		assertThatThrownBy(() -> start(this.port, settings).close())
			.hasStackTraceContaining(InvalidSettingException.class.getName())
			.hasStackTraceContaining(message);
	}

	private void assertRefused(int to, CapturedOutput output, String reason, String... settings) {
		try (ConfigurableApplicationContext process = start(to, settings)) {
			await().atMost(SOON)
				.untilAsserted(() -> assertThat(
						output.getAll().lines().filter((line) -> line.contains("redis=down link=commands")))
					.anyMatch((line) -> line.contains(reason)));
			assertThat(process.getBean(CommandLink.class).isUp()).isFalse();
		}
		assertThat(output).doesNotContain(RedisUser.NODE.password()).doesNotContain("PRIVATE");
	}

	private static String ca(Certificates of) {
		return TLS + "ca=" + of.ca();
	}

	private static String shown(Certificates.Issued issued) {
		return TLS + "certificate=" + issued.certificate() + "\t" + TLS + "key=" + issued.key();
	}

	private static ConfigurableApplicationContext start(int port, String... settings) {
		return startAt("rediss://" + RedisUser.NODE.login() + ":" + RedisUser.NODE.password() + "@127.0.0.1:" + port,
				settings);
	}

	private static ConfigurableApplicationContext startAt(String url, String... settings) {
		List<String> arguments = new ArrayList<>(List.of("--spring.data.redis.url=" + url));
		for (String setting : settings) {
			arguments.addAll(List.of(setting.split("\t")));
		}
		return new SpringApplicationBuilder(Process.class).web(WebApplicationType.NONE)
			.logStartupInfo(false)
			.registerShutdownHook(false)
			.run(arguments.toArray(String[]::new));
	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ SslAutoConfiguration.class, DataRedisAutoConfiguration.class })
	@Import({ ProcessConfiguration.class, RedisLinkConfiguration.class })
	static class Process {

		@Bean
		MeterRegistry registry() {
			return new SimpleMeterRegistry();
		}

		@Bean
		RedisLinkSettings settings() {
			return new RedisLinkSettings() {
				@Override
				public String prefix() {
					return "fanfare";
				}

				@Override
				public boolean durable() {
					return false;
				}

				@Override
				public Duration commandTimeout() {
					return Duration.ofSeconds(1);
				}

				@Override
				public Duration connectTimeout() {
					return Duration.ofSeconds(1);
				}
			};
		}

	}

}
