package io.fanfare.node;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;

import io.fanfare.node.broker.PubSubLink;
import io.fanfare.redis.CommandLink;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A Redis that speaks TLS, with a certificate that the JDK does not trust. */
class RedisTlsIT {

	private static final String PASSWORD = "changeit";

	@TempDir
	private Path directory;

	@Test
	void aNodeTrustsWhatItsSslBundleTrusts() throws Exception {
		writeCertificate();
		int port = Ports.free();
		Assume.shiftableClock();
		try (RedisProcess redis = TestRedis.startShiftable("tls-port " + port,
				"tls-cert-file " + this.directory.resolve("cert.pem"),
				"tls-key-file " + this.directory.resolve("key.pem"), "tls-auth-clients no")) {
			assertThat(redis.isAlive()).isTrue();
			try (ConfigurableApplicationContext node = start(port, "--spring.data.redis.ssl.bundle=redis",
					"--spring.ssl.bundle.pem.redis.truststore.certificate=file:"
							+ this.directory.resolve("cert.pem"))) {
				await().atMost(TestNode.SOON).until(node.getBean(PubSubLink.class)::isUp);
				assertThat(node.getBean(CommandLink.class).isUp()).isTrue();
			}
			try (ConfigurableApplicationContext node = start(port, "--spring.data.redis.ssl.enabled=true")) {
				assertThat(node.getBean(CommandLink.class).isUp()).as("without the bundle").isFalse();
			}
		}
	}

	private static ConfigurableApplicationContext start(int port, String... settings) {
		String[] arguments = { "--spring.config.name=push-node", "--fanfare.node.name=tls", "--fanfare.stream.port=0",
				"--fanfare.stream.address=127.0.0.1", "--fanfare.control.port=0",
				"--fanfare.jwt.secret=" + Tokens.SECRET, "--spring.data.redis.host=127.0.0.1",
				"--spring.data.redis.port=" + port, "--spring.jmx.enabled=false",
				"--management.metrics.use-global-registry=false", "--fanfare.stream.warm-up=0",
				"--fanfare.connections.drain-window=0" };
		String[] all = Arrays.copyOf(arguments, arguments.length + settings.length);
		System.arraycopy(settings, 0, all, arguments.length, settings.length);
		return new SpringApplicationBuilder(NodeApplication.class).logStartupInfo(false)
			.registerShutdownHook(false)
			.run(all);
	}

	private void writeCertificate() throws IOException, GeneralSecurityException {
		Path store = this.directory.resolve("redis.p12");
		ChildProcess
			.command(ChildProcess.jdk("keytool"), "-genkeypair", "-alias", "redis", "-keyalg", "EC", "-dname",
					"CN=redis", "-ext", "san=ip:127.0.0.1", "-validity", "2", "-storetype", "PKCS12", "-keystore",
					store.toString(), "-storepass", PASSWORD)
			.run(Duration.ofMinutes(1))
			.orThrow();
		KeyStore keys = KeyStore.getInstance("PKCS12");
		try (InputStream in = Files.newInputStream(store)) {
			keys.load(in, PASSWORD.toCharArray());
		}
		pem("CERTIFICATE", keys.getCertificate("redis").getEncoded(), "cert.pem");
		pem("PRIVATE KEY", keys.getKey("redis", PASSWORD.toCharArray()).getEncoded(), "key.pem");
	}

	private void pem(String kind, byte[] der, String file) throws IOException {
		Files.writeString(this.directory.resolve(file),
				"-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder(64, new byte[] { '\n' }).encodeToString(der)
						+ "\n-----END " + kind + "-----\n");
	}

}
