package io.fanfare.api.publish;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

import io.fanfare.api.json.Fields;
import io.fanfare.api.json.Flaws;
import io.fanfare.api.json.StrictJson;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.EventName;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

import org.springframework.stereotype.Component;

/** Reads the message of a request, noting all its flaws. */
@Component
final class PublicationReader {

	static final String KEY_FIELD = "idempotencyKey";

	private static final String[] TARGETS = { "user", "users", "channel", "all" };

	private static final Duration MIN_TTL = Duration.ofMillis(1);

	private final PublishSettings settings;

	PublicationReader(PublishSettings settings) {
		this.settings = settings;
	}

	/**
	 * Reads a message.
	 * @param fields the fields of the request, or of the item of a batch
	 * @param inBatch whether it may carry its own idempotency key
	 * @param flaws what takes the flaws
	 * @return the message, or null if there are flaws
	 */
	@Nullable Publication read(Fields fields, boolean inBatch, Flaws flaws) {
		if (inBatch) {
			fields.allow("to", "event", "data", "ttl", "ephemeral", "format", KEY_FIELD);
		}
		else {
			fields.allow("to", "event", "data", "ttl", "ephemeral", "format");
		}
		Target target = target(fields, flaws);
		String event = event(fields);
		byte[] data = data(fields, flaws);
		Duration ttl = fields.duration("ttl", MIN_TTL, this.settings.ttl());
		Boolean ephemeral = fields.truth("ephemeral");
		if (target == null || data == null || !flaws.isEmpty()) {
			return null;
		}
		return new Publication(target, event, data, ttl, ephemeral != null && ephemeral);
	}

	private @Nullable Target target(Fields fields, Flaws flaws) {
		Fields to = fields.require("to") ? fields.object("to") : null;
		if (to == null) {
			return null;
		}
		to.allow(TARGETS);
		Boolean all = to.truth("all");
		List<Target> targets = Stream.of(user(to), users(to, flaws), topic(to), everyone(all))
			.filter(Objects::nonNull)
			.toList();
		long given = Stream.of(TARGETS).filter(to::has).count() - (Boolean.FALSE.equals(all) ? 1 : 0);
		if (given != 1) {
			flaws.add(to.pointer(), "must have exactly one of user, users, channel and all"
					+ ((given == 0) ? "; null, empty and all: false count as absent" : ""));
		}
		return (given == 1 && !targets.isEmpty()) ? targets.getFirst() : null;
	}

	private static @Nullable Target user(Fields to) {
		String user = to.text("user");
		if (user == null) {
			return null;
		}
		try {
			return new Target.User(ChannelName.user(user));
		}
		catch (IllegalArgumentException ex) {
			to.refuse("user", String.valueOf(ex.getMessage()));
			return null;
		}
	}

	private @Nullable Target users(Fields to, Flaws flaws) {
		List<Fields.Item> items = to.list("users", this.settings.users());
		if (items == null) {
			return null;
		}
		List<ChannelName> channels = new ArrayList<>(items.size());
		Set<String> seen = new HashSet<>();
		for (Fields.Item item : items) {
			String user = item.text(flaws);
			if (user == null) {
				continue;
			}
			if (!ChannelName.isUser(user)) {
				flaws.add(item.pointer(), "A user id has " + ChannelName.USER_RULE);
			}
			else if (!seen.add(user)) {
				flaws.add(item.pointer(), "is in the list already");
			}
			else {
				channels.add(ChannelName.user(user));
			}
		}
		return new Target.Users(channels);
	}

	private static @Nullable Target topic(Fields to) {
		String topic = to.text("channel");
		if (topic == null) {
			return null;
		}
		try {
			return new Target.Topic(ChannelName.topic(topic));
		}
		catch (IllegalArgumentException ex) {
			to.refuse("channel", String.valueOf(ex.getMessage()));
			return null;
		}
	}

	private static @Nullable Target everyone(@Nullable Boolean all) {
		return Boolean.TRUE.equals(all) ? new Target.Topic(ChannelName.ALL) : null;
	}

	private static String event(Fields fields) {
		String event = fields.text("event");
		if (event == null) {
			return EventName.DEFAULT;
		}
		if (!EventName.isValid(event)) {
			fields.refuse("event", "must have 1 to " + EventName.MAX_LENGTH
					+ " printable ASCII characters without space, and not be open, error or push.*");
		}
		return event;
	}

	private byte @Nullable [] data(Fields fields, Flaws flaws) {
		String format = fields.text("format");
		if (format != null && !format.equals("json")) {
			fields.refuse("format", "must be json");
		}
		JsonNode value = fields.value("data");
		if (value == null) {
			return null;
		}
		byte[] data = (value.isString() && format == null) ? value.stringValue().getBytes(StandardCharsets.UTF_8)
				: StrictJson.write(value);
		if (data.length > this.settings.data().toBytes()) {
			flaws.addTooLarge(fields.pointer("data"),
					"may have " + this.settings.data().toBytes() + " bytes as it travels, has " + data.length);
		}
		return data;
	}

}
