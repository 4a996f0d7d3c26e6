package io.fanfare.api.alert;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a channel is sent: all alerts that it is to be notified of at a time.
 *
 * @param installation what the installation is called
 * @param channel the channel
 * @param alerts the alerts, at least one
 */
record AlertMessage(String installation, String channel, List<Alert> alerts) {

	/** Of the digest; enough that no two messages have the same. */
	private static final int ID_LENGTH = 32;

	/**
	 * The id: the same for each attempt to send the same, another one for a repetition.
	 */
	String id() {
		String content = this.installation + this.channel
				+ this.alerts.stream()
					.map((alert) -> alert.id() + alert.sinceMs() + alert.resolvedMs() + alert.sent().get(this.channel))
					.collect(Collectors.joining());
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
			return "alerts_" + HexFormat.of().formatHex(digest).substring(0, ID_LENGTH);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** One line: how many fire, or ended, and what. */
	String title() {
		long firing = this.alerts.stream().filter(Alert::isFiring).count();
		Alert first = this.alerts.stream().filter(Alert::isFiring).findFirst().orElse(this.alerts.getFirst());
		String more = (this.alerts.size() > 1) ? " and " + (this.alerts.size() - 1) + " more" : "";
		return clean("[%s %s] %s: %s%s".formatted((firing > 0) ? "FIRING" : "RESOLVED", this.installation,
				first.rule().wireName(), first.node(), more));
	}

	/** A line for each alert. */
	List<String> lines() {
		return this.alerts.stream()
			.map((alert) -> clean((alert.isFiring() ? "Firing" : "Resolved") + " (" + alert.rule().wireName()
					+ ", since " + Instant.ofEpochMilli(alert.sinceMs()) + "): " + alert.text() + "."))
			.toList();
	}

	/** The message as a webhook gets it. */
	Map<String, Object> json() {
		Map<String, Object> json = new LinkedHashMap<>();
		json.put("version", 1);
		json.put("installation", this.installation);
		json.put("title", title());
		json.put("alerts", this.alerts.stream().map(AlertMessage::json).toList());
		return json;
	}

	private static Map<String, Object> json(Alert alert) {
		Map<String, Object> json = new LinkedHashMap<>();
		json.put("id", alert.id());
		json.put("status", alert.isFiring() ? "firing" : "resolved");
		json.put("rule", alert.rule().wireName());
		json.put("node", alert.node());
		json.put("name", alert.name());
		json.put("summary", clean(alert.text()));
		if (alert.value() != null) {
			json.put("value", alert.value());
		}
		if (alert.threshold() != null) {
			json.put("threshold", alert.threshold());
		}
		json.put("since", Instant.ofEpochMilli(alert.sinceMs()).toString());
		if (alert.resolvedMs() != null) {
			json.put("resolvedAt", Instant.ofEpochMilli(alert.resolvedMs()).toString());
		}
		return json;
	}

	/** A name that a node gave itself must not begin a header or another line. */
	private static String clean(String text) {
		return text.codePoints()
			.map((point) -> Character.isISOControl(point) ? ' ' : point)
			.collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
			.toString();
	}

}
