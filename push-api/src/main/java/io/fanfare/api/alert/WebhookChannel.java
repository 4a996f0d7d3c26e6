package io.fanfare.api.alert;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Posts alerts as JSON to an address, signed as Standard Webhooks have it where there is
 * a secret.
 */
final class WebhookChannel implements AlertChannel {

	private final HttpPosts posts = new HttpPosts();

	private final URI address;

	private final byte @Nullable [] secret;

	private final Clock clock;

	WebhookChannel(URI address, byte @Nullable [] secret, Clock clock) {
		this.address = address;
		this.secret = secret;
		this.clock = clock;
	}

	@Override
	public String name() {
		return "webhook";
	}

	@Override
	public void send(AlertMessage message) throws AlertNotSentException {
		String body = JsonMapper.shared().writeValueAsString(message.json());
		Map<String, String> headers = new LinkedHashMap<>();
		String id = message.id();
		String timestamp = Long.toString(this.clock.instant().getEpochSecond());
		headers.put("webhook-id", id);
		headers.put("webhook-timestamp", timestamp);
		if (this.secret != null) {
			headers.put("webhook-signature", "v1," + Signature.sign(this.secret, id + "." + timestamp + "." + body));
		}
		this.posts.post(this.address, headers, body.getBytes(StandardCharsets.UTF_8));
	}

	@Override
	public void close() {
		this.posts.close();
	}

}
