package io.fanfare.api.publish;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.api.event.ReceiptSettings;
import io.fanfare.api.json.FieldErrors;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.json.StrictJson;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.EventName;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

import org.springframework.stereotype.Component;

/** Reads the messages of a request by their rules, noting all errors of each. */
@Component
final class MessageReader {

	private final MessageRules rules;

	private final ReceiptSettings receipts;

	private final String oneOf;

	MessageReader(MessageRules rules, ReceiptSettings receipts) {
		this.rules = rules;
		this.receipts = receipts;
		List<String> choices = rules.to.rule().choiceNames();
		int last = choices.size() - 1;
		this.oneOf = "must have exactly one of " + String.join(", ", choices.subList(0, last)) + " and "
				+ choices.get(last);
	}

	/**
	 * Reads the one message of a request.
	 * @param body the body
	 * @param key the idempotency key, or null
	 * @param traceparent the trace it belongs to, or null
	 * @return the message
	 * @throws ProblemException if there are errors
	 */
	MessageRequest read(JsonBody body, @Nullable String key, @Nullable String traceparent) {
		return read(body.fields(this.rules.message), body.errors(), key, traceparent);
	}

	/**
	 * Reads where the messages of a batch stand.
	 * @param body the body
	 * @return the messages, each to be {@link #readItem read} by itself
	 * @throws ProblemException if there are errors outside of them
	 */
	List<Fields.Item> items(JsonBody body) {
		List<Fields.Item> messages = body.fields(this.rules.batch).items(this.rules.messages);
		if (messages == null || !body.errors().isEmpty()) {
			throw body.errors().problem();
		}
		return messages;
	}

	/**
	 * Reads a message of a batch, with its own key.
	 * @param item the message
	 * @param traceparent the trace it belongs to, or null
	 * @return the message
	 * @throws ProblemException if there are errors
	 */
	MessageRequest readItem(Fields.Item item, @Nullable String traceparent) {
		FieldErrors errors = new FieldErrors();
		Fields fields = Fields.of(item, errors);
		if (fields == null) {
			throw errors.problem();
		}
		String key = fields.read(MessageRules.KEY);
		return read(fields.allow(this.rules.batchMessage), errors, key, traceparent);
	}

	private MessageRequest read(Fields fields, FieldErrors errors, @Nullable String key, @Nullable String traceparent) {
		Target target = target(fields);
		String event = fields.read(MessageRules.EVENT);
		byte[] data = data(fields, errors);
		Duration ttl = fields.read(this.rules.ttl);
		Boolean ephemeral = fields.read(MessageRules.EPHEMERAL);
		Duration within = within(fields, target, ttl, Boolean.TRUE.equals(ephemeral));
		if (target == null || data == null || !errors.isEmpty()) {
			throw errors.problem();
		}
		return new MessageRequest(fields.pointer(), target, (event != null) ? event : EventName.DEFAULT, data, ttl,
				Boolean.TRUE.equals(ephemeral), key, traceparent, within);
	}

	/** By when a verdict is due, or null where none is asked for. */
	private @Nullable Duration within(Fields fields, @Nullable Target target, @Nullable Duration ttl,
			boolean ephemeral) {
		Fields receipt = fields.object(MessageRules.RECEIPT);
		if (receipt == null) {
			return null;
		}
		Duration within = receipt.read(MessageRules.WITHIN);
		if (!this.receipts.enabled()) {
			fields.refuse(MessageRules.RECEIPT, "is switched off by fanfare.receipts.enabled");
		}
		if (target instanceof Target.Topic) {
			fields.refuse(MessageRules.RECEIPT, "needs user or users in to");
		}
		if (ephemeral) {
			fields.refuse(MessageRules.RECEIPT, "cannot be combined with ephemeral");
		}
		if (within != null && ttl != null && ttl.compareTo(within) < 0) {
			fields.refuse(this.rules.ttl, "must not be below receipt.within, which is " + within);
		}
		return within;
	}

	private @Nullable Target target(Fields fields) {
		Fields to = fields.object(this.rules.to);
		if (to == null) {
			return null;
		}
		Boolean all = to.read(MessageRules.ALL);
		String user = to.read(MessageRules.USER);
		List<String> users = to.values(this.rules.users);
		String topic = to.read(MessageRules.CHANNEL);
		if (!to.hasExactlyOne(this.rules.to.rule(), this.oneOf)) {
			return null;
		}
		if (user != null) {
			return new Target.User(ChannelName.user(user));
		}
		if (users != null) {
			List<ChannelName> channels = new ArrayList<>(users.size());
			users.forEach((one) -> channels.add(ChannelName.user(one)));
			return new Target.Users(channels);
		}
		if (topic != null) {
			return new Target.Topic(ChannelName.topic(topic));
		}
		return Boolean.TRUE.equals(all) ? new Target.Topic(ChannelName.ALL) : null;
	}

	private byte @Nullable [] data(Fields fields, FieldErrors errors) {
		String format = fields.read(MessageRules.FORMAT);
		JsonNode value = fields.any(this.rules.data);
		if (value == null) {
			return null;
		}
		byte[] data = (value.isString() && format == null) ? value.stringValue().getBytes(StandardCharsets.UTF_8)
				: StrictJson.write(value);
		if (data.length > this.rules.maxData) {
			errors.addTooLarge(fields.pointer(this.rules.data),
					"may have " + this.rules.maxData + " bytes as it travels, has " + data.length);
		}
		return data;
	}

}
