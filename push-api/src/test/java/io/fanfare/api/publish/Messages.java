package io.fanfare.api.publish;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.redis.Pieces;
import io.fanfare.redis.history.Publisher;
import org.jspecify.annotations.Nullable;

/** Messages as they are prepared for the script. */
final class Messages {

	private Messages() {
	}

	static PreparedMessage toUser(int index, String user, @Nullable String key) {
		return to(index, new Target.User(ChannelName.user(user)), key);
	}

	static PreparedMessage to(int index, Target target, @Nullable String key) {
		byte[] data = "hello".getBytes(StandardCharsets.UTF_8);
		MessageRequest request = new MessageRequest("#", target, "message", data, null, false, key, null, null);
		Envelope envelope = new Envelope("message", data, 0, 0, false, null);
		Publisher.Idempotency idempotency = (key != null)
				? new Publisher.Idempotency("tests", key, request.hash(), Duration.ofMinutes(1)) : null;
		return new PreparedMessage(index, request, new Publisher.Request(target.channels(), envelope, idempotency),
				Pieces.weight(envelope));
	}

}
