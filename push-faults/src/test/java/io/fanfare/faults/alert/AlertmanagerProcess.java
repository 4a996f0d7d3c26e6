package io.fanfare.faults.alert;

import java.nio.file.Path;
import java.time.Duration;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.RequiredTool;

/**
 * A real Alertmanager with the shipped configuration: its receivers lead to an
 * {@link Inbox}, and it waits for a second where it would wait for longer.
 */
final class AlertmanagerProcess implements AutoCloseable {

	private static final Duration START = Duration.ofSeconds(20);

	private final int port = Ports.free();

	private final ChildProcess process;

	/**
	 * Starts it and waits until it answers.
	 * @param folder where its files go
	 * @param inbox what receives its messages
	 */
	AlertmanagerProcess(Path folder, Inbox inbox) {
		new ShippedFile(Inbox.MAIL_PASSWORD).write(folder.resolve("smtp-password"));
		new ShippedFile("of-the-test").write(folder.resolve("webhook-token"));
		new ShippedFile(inbox.url("/slack")).write(folder.resolve("slack-url"));
		Path configuration = ShippedFile.read("alertmanager/alertmanager.yml")
			.replace("smtp.example.com:587", "127.0.0.1:" + inbox.mailPort())
			.replace("smtp_require_tls: true", "smtp_require_tls: false")
			.replace("https://alerts.example.com/fanfare", inbox.url(Inbox.WEBHOOK))
			.replace("http://relay:8060", inbox.url(""))
			.replace("/etc/alertmanager/secrets", folder.toString())
			.replace("/etc/alertmanager", ShippedFile.OPS.resolve("alertmanager").toString())
			.replace("group_wait: 15s", "group_wait: 1s")
			.replace("group_interval: 2m", "group_interval: 1s")
			.write(folder.resolve("alertmanager.yml"));
		this.process = ChildProcess
			.command(RequiredTool.ALERTMANAGER.path().toString(), "--config.file=" + configuration,
					"--storage.path=" + folder.resolve("alertmanager"), "--web.listen-address=127.0.0.1:" + this.port,
					"--cluster.listen-address=")
			.killedAfter(Duration.ofSeconds(5))
			.start();
		this.process.awaitHttp(this.port, "/-/ready", START);
	}

	int port() {
		return this.port;
	}

	@Override
	public void close() {
		this.process.close();
	}

}
