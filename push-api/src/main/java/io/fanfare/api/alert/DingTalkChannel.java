package io.fanfare.api.alert;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Map;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Sends alerts to a group of DingTalk by a custom robot, as
 * https://open.dingtalk.com/document/orgapp/custom-robot-access has it.
 */
final class DingTalkChannel implements AlertChannel {

	/** A robot takes 20 000 bytes; a character has up to three. */
	private static final int MAX_LENGTH = 6_000;

	/** So that all alerts of a message are in it. */
	private static final int MAX_ALERTS = 20;

	/** Of the line of an alert, or the title. */
	private static final int MAX_LINE = MAX_LENGTH / (MAX_ALERTS + 1) - 5;

	private final HttpPosts posts = new HttpPosts();

	private final String address;

	private final String token;

	private final @Nullable String secret;

	private final Clock clock;

	DingTalkChannel(String address, String token, @Nullable String secret, Clock clock) {
		this.address = address;
		this.token = token;
		this.secret = secret;
		this.clock = clock;
	}

	@Override
	public String name() {
		return "dingtalk";
	}

	@Override
	public int limit() {
		return MAX_ALERTS;
	}

	@Override
	public void send(AlertMessage message) throws AlertNotSentException {
		String title = shorten(message.title());
		String text = "### " + title + "\n\n"
				+ message.lines().stream().map((line) -> "- " + shorten(line)).collect(Collectors.joining("\n"));
		byte[] body = JsonMapper.shared()
			.writeValueAsBytes(Map.of("msgtype", "markdown", "markdown", Map.of("title", title, "text", text)));
		String answer = this.posts.ask(URI.create(this.address + query()), body);
		try {
			// It refuses with status 200
			JsonNode json = JsonMapper.shared().readTree(answer);
			if (json.path("errcode").asInt(-1) != 0) {
				throw AlertNotSentException
					.refused("errcode " + json.path("errcode").asString("") + ": " + json.path("errmsg").asString(""));
			}
		}
		catch (JacksonException ex) {
			throw AlertNotSentException.failed("the answer is no JSON");
		}
	}

	private String query() {
		String query = "?access_token=" + encoded(this.token);
		if (this.secret == null) {
			return query;
		}
		String timestamp = Long.toString(this.clock.millis());
		String sign = Signature.sign(this.secret.getBytes(StandardCharsets.UTF_8), timestamp + "\n" + this.secret);
		return query + "&timestamp=" + timestamp + "&sign=" + encoded(sign);
	}

	private static String encoded(String text) {
		return URLEncoder.encode(text, StandardCharsets.UTF_8);
	}

	private static String shorten(String text) {
		if (text.length() <= MAX_LINE) {
			return text;
		}
		int end = MAX_LINE - 1;
		return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
	}

	@Override
	public void close() {
		this.posts.close();
	}

}
