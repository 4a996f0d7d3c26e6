package io.fanfare.api.alert;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.redis.cluster.AlertBoard;
import io.fanfare.redis.cluster.Nodes;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.mail.javamail.JavaMailSender;
import org.springframework.mail.javamail.JavaMailSenderImpl;

/** Looks at alerts where there is a channel to send them to. */
@Configuration(proxyBeanMethods = false)
class AlertConfiguration {

	/** The watch, which is none where there is no channel. */
	@Bean
	RunningAlerts runningAlerts(AlertSettings settings, ObjectProvider<JavaMailSender> mail, Nodes nodes,
			AlertBoard board, RedisCalls calls, Scheduler scheduler, Errors errors, Clock clock,
			MeterRegistry registry) {
		List<AlertChannel> channels = channels(settings, mail.getIfAvailable(), clock);
		if (channels.isEmpty()) {
			return new RunningAlerts(null);
		}
		Worker worker = scheduler.createWorker("alerts");
		List<AlertSender> senders = channels.stream()
			.map((channel) -> new AlertSender(channel, settings.name(), worker, scheduler, errors, registry))
			.toList();
		AlertWatch watch = new AlertWatch(settings, processName(), nodes, board, calls, errors, clock,
				scheduler.ticker(), worker, senders);
		for (AlertRule rule : AlertRule.values()) {
			Gauge.builder("fanfare.alerts.firing", watch, (one) -> one.firing(rule))
				.description("Alerts of the built-in rules that fire, as this process sees it")
				.tag("rule", rule.wireName())
				.register(registry);
		}
		return new RunningAlerts(watch);
	}

	/** Ends before the link to Redis does, for it ends its lead there. */
	static final class RunningAlerts implements SmartLifecycle {

		private final @Nullable AlertWatch watch;

		private volatile boolean running;

		/**
		 * Makes it.
		 * @param watch the watch, or null where there is no channel
		 */
		RunningAlerts(@Nullable AlertWatch watch) {
			this.watch = watch;
		}

		@Override
		public void start() {
			this.running = true;
			if (this.watch != null) {
				this.watch.start();
			}
		}

		@Override
		public void stop() {
			this.running = false;
			if (this.watch != null) {
				this.watch.close();
			}
		}

		@Override
		public boolean isRunning() {
			return this.running;
		}

	}

	static List<AlertChannel> channels(AlertSettings settings, @Nullable JavaMailSender sender, Clock clock) {
		List<AlertChannel> channels = new ArrayList<>();
		String url = ChannelRules.present(settings.webhook().url());
		if (url != null) {
			String secret = ChannelRules.present(settings.webhook().secret());
			channels.add(new WebhookChannel(ChannelRules.address("webhook.url", url),
					(secret != null) ? ChannelRules.secret(secret) : null, clock));
		}
		List<String> to = ChannelRules.recipients(settings.mail());
		String from = ChannelRules.present(settings.mail().from());
		if (!to.isEmpty() && from != null) {
			if (sender == null || isWithoutHost(sender)) {
				throw new InvalidSettingException("spring.mail.host", "must be set where fanfare.alerts.mail.to is");
			}
			channels.add(new MailChannel(sender, from, to));
		}
		String token = ChannelRules.present(settings.dingtalk().token());
		if (token != null) {
			channels.add(new DingTalkChannel(settings.dingtalk().url(), token,
					ChannelRules.present(settings.dingtalk().secret()), clock));
		}
		return channels;
	}

	/** A variable that is there and empty makes a sender that would ask this machine. */
	private static boolean isWithoutHost(JavaMailSender sender) {
		return sender instanceof JavaMailSenderImpl smtp && ChannelRules.present(smtp.getHost()) == null;
	}

	private static String processName() {
		String name = System.getenv("HOSTNAME");
		if (name != null && !name.isBlank()) {
			return name;
		}
		try {
			return Arrays.stream(InetAddress.getLocalHost().getHostName().split("\\.")).findFirst().orElse("api");
		}
		catch (UnknownHostException ex) {
			return "api";
		}
	}

}
