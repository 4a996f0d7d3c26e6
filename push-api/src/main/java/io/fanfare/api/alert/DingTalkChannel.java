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
	public void send(AlertMessage message) throws AlertNotSentException {
		String text = "### " + message.title() + "\n\n"
				+ message.lines().stream().map((line) -> "- " + line).collect(Collectors.joining("\n"));
		byte[] body = JsonMapper.shared()
			.writeValueAsBytes(
					Map.of("msgtype", "markdown", "markdown", Map.of("title", message.title(), "text", shorten(text))));
		String answer = this.posts.post(URI.create(this.address + query()), Map.of(), body);
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
		return (text.length() > MAX_LENGTH) ? text.substring(0, MAX_LENGTH) + "…" : text;
	}

	@Override
	public void close() {
		this.posts.close();
	}

}
