package io.fanfare.api.alert;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Properties;

import io.fanfare.test.process.Ports;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.config.YamlPropertiesFactoryBean;
import org.springframework.core.io.ClassPathResource;
import org.springframework.mail.javamail.JavaMailSenderImpl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** What becomes of mail by the shipped properties, where a server takes a part of it. */
class MailChannelTests {

	private static final AlertMessage MESSAGE = new AlertMessage("shop", "mail",
			List.of(Alert.firing(Reading.of(AlertRule.MEMORY, "n1.a", "n1", Duration.ZERO, 2, 1, "full"), 0)));

	@Test
	void anAddressThatIsRefusedDoesNotKeepTheAlertFromTheOthers() throws Exception {
		try (Server server = new Server()) {
			MailChannel channel = channel(server.port(), "gone@example.com", "operators@example.com");
			assertThatCode(() -> channel.send(MESSAGE)).doesNotThrowAnyException();
			assertThat(server.taken).hasSize(1);
			MailChannel none = channel(server.port(), "gone@example.com");
			AlertNotSentException failure = catchThrowableOfType(AlertNotSentException.class, () -> none.send(MESSAGE));
			assertThat(failure.outcome()).isEqualTo("failed");
			assertThat(server.taken).hasSize(1);
		}
	}

	@Test
	void aServerThatIsNotReachedDoesNotKnowTheMessage() {
		MailChannel channel = channel(Ports.free(), "operators@example.com");
		AlertNotSentException failure = catchThrowableOfType(AlertNotSentException.class, () -> channel.send(MESSAGE));
		assertThat(failure.outcome()).isEqualTo("failed");
		assertThat(failure.isCertain()).isTrue();
	}

	private static MailChannel channel(int port, String... to) {
		JavaMailSenderImpl sender = new JavaMailSenderImpl();
		sender.setHost("127.0.0.1");
		sender.setPort(port);
		sender.setJavaMailProperties(shipped());
		return new MailChannel(sender, "fanfare@example.com", List.of(to));
	}

	private static Properties shipped() {
		YamlPropertiesFactoryBean yaml = new YamlPropertiesFactoryBean();
		yaml.setResources(new ClassPathResource("push-api.yml"));
		Properties all = yaml.getObject();
		Properties mail = new Properties();
		String prefix = "spring.mail.properties.";
		all.forEach((name, value) -> {
			if (name.toString().startsWith(prefix)) {
				mail.setProperty(name.toString().substring(prefix.length()), value.toString());
			}
		});
		return mail;
	}

	/** Takes mail for all addresses but one. */
	private static final class Server implements AutoCloseable {

		private final ServerSocket socket;

		private final List<String> taken = Collections.synchronizedList(new ArrayList<>());

		Server() throws IOException {
			this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
			Thread.ofVirtual().start(this::serve);
		}

		int port() {
			return this.socket.getLocalPort();
		}

		private void serve() {
			while (!this.socket.isClosed()) {
				try (Socket client = this.socket.accept()) {
					serve(client);
				}
				catch (IOException ex) {
					// The client went, or the test is over
				}
			}
		}

		private void serve(Socket client) throws IOException {
			BufferedReader lines = new BufferedReader(
					new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
			say(client, "220 localhost");
			String line;
			while ((line = lines.readLine()) != null) {
				if (line.startsWith("DATA")) {
					say(client, "354 go on");
					StringBuilder mail = new StringBuilder();
					while ((line = lines.readLine()) != null && !line.equals(".")) {
						mail.append(line).append('\n');
					}
					this.taken.add(mail.toString());
					say(client, "250 ok");
				}
				else if (line.toLowerCase(Locale.ROOT).startsWith("rcpt to:<gone@")) {
					say(client, "550 no such address");
				}
				else {
					say(client, line.equals("QUIT") ? "221 bye" : "250 ok");
				}
			}
		}

		private static void say(Socket client, String line) throws IOException {
			client.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
		}

		@Override
		public void close() {
			try {
				this.socket.close();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

}
