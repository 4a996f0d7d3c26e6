package io.fanfare.api.alert;

import java.time.Duration;
import java.util.List;

import jakarta.validation.Valid;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.alerts}: what operators are notified of, and how. Without a channel no
 * rule is looked at.
 *
 * @param name what messages call this installation
 * @param interval how often the rules are looked at; each look reads what all nodes
 * reported
 * @param window the time over which errors and response times are counted
 * @param repeatInterval after how long an alert that still fires is sent again
 * @param connections when a node is nearly full
 * @param memory when a node takes much of its memory
 * @param errorRate when many streams of a node end by an error
 * @param responseTime when messages reach clients late
 * @param redisAway when Redis does not answer the API
 * @param webhook a channel: an HTTP address
 * @param mail a channel: mail
 * @param dingtalk a channel: a robot of DingTalk
 */
@Validated
@ConfigurationProperties("fanfare.alerts")
record AlertSettings(
		@NotNull @Pattern(regexp = "[\\p{L}\\p{N} ._-]{1,40}",
				message = "must be 1 to 40 letters, digits, spaces, dots, _ or -") @DefaultValue("fanfare") String name,
		@NotNull @DurationMin(millis = 100) @DurationMax(seconds = 30) @DefaultValue("10s") Duration interval,
		@NotNull @DurationMin(seconds = 1) @DurationMax(hours = 1) @DefaultValue("5m") Duration window,
		@NotNull @DurationMin(seconds = 1) @DurationMax(days = 7) @DefaultValue("4h") Duration repeatInterval,
		@Valid @DefaultValue Connections connections, @Valid @DefaultValue Memory memory,
		@Valid @DefaultValue ErrorRate errorRate, @Valid @DefaultValue ResponseTime responseTime,
		@Valid @DefaultValue RedisAway redisAway, @DefaultValue Webhook webhook, @DefaultValue Mail mail,
		@DefaultValue DingTalk dingtalk) {

	/**
	 * Fails where a channel cannot work.
	 */
	AlertSettings {
		ChannelRules.check(webhook);
		ChannelRules.check(mail);
		ChannelRules.check(dingtalk);
	}

	/**
	 * When a node is nearly full.
	 *
	 * @param threshold the share of its streams that is open
	 * @param hold for how long
	 */
	record Connections(@DecimalMin("0.01") @DecimalMax("1") @DefaultValue("0.8") double threshold,
			@NotNull @DurationMin @DurationMax(hours = 1) @DefaultValue("5m") Duration hold) {

	}

	/**
	 * When a node takes much of its memory.
	 *
	 * @param threshold the share of its limit that heap, direct memory or process take
	 * @param hold for how long
	 */
	record Memory(@DecimalMin("0.01") @DecimalMax("1") @DefaultValue("0.85") double threshold,
			@NotNull @DurationMin @DurationMax(hours = 1) @DefaultValue("5m") Duration hold) {

	}

	/**
	 * When many streams of a node end by an error.
	 *
	 * @param threshold their share of those that ended within the window
	 * @param minimum how many must have ended
	 * @param hold for how long
	 */
	record ErrorRate(@DecimalMin("0.001") @DecimalMax("1") @DefaultValue("0.05") double threshold,
			@Min(1) @Max(1_000_000) @DefaultValue("20") int minimum,
			@NotNull @DurationMin @DurationMax(hours = 1) @DefaultValue("5m") Duration hold) {

	}

	/**
	 * When messages reach clients late.
	 *
	 * @param threshold what 99 of 100 deliveries within the window must not exceed
	 * @param minimum how many must have been timed
	 * @param hold for how long
	 */
	record ResponseTime(
			@NotNull @DurationMin(millis = 10) @DurationMax(seconds = 20) @DefaultValue("1s") Duration threshold,
			@Min(1) @Max(1_000_000) @DefaultValue("100") int minimum,
			@NotNull @DurationMin @DurationMax(hours = 1) @DefaultValue("5m") Duration hold) {

	}

	/**
	 * When Redis does not answer the API.
	 *
	 * @param hold for how long
	 */
	record RedisAway(@NotNull @DurationMin @DurationMax(hours = 1) @DefaultValue("1m") Duration hold) {

	}

	/**
	 * An HTTP address that alerts are posted to.
	 *
	 * @param url the address; it may hold a secret
	 * @param secret what the requests are signed with, {@code whsec_} and Base64, as
	 * Standard Webhooks have it
	 */
	record Webhook(@Nullable String url, @Nullable String secret) {

		@Override
		public String toString() {
			return "Webhook[]";
		}

	}

	/**
	 * Mail, by the server of {@code spring.mail}.
	 *
	 * @param to the addresses
	 * @param from the address of the sender
	 */
	record Mail(@DefaultValue List<String> to, @Nullable String from) {

	}

	/**
	 * A robot of a group of DingTalk.
	 *
	 * @param token the {@code access_token} in the robot's address
	 * @param secret what its requests are signed with, where its security option is
	 * "sign"
	 * @param url where robots are
	 */
	record DingTalk(@Nullable String token, @Nullable String secret,
			@NotNull @DefaultValue("https://oapi.dingtalk.com/robot/send") String url) {

		@Override
		public String toString() {
			return "DingTalk[]";
		}

	}

}
