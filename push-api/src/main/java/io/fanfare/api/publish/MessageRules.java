package io.fanfare.api.publish;

import java.time.Duration;
import java.util.List;

import io.fanfare.api.json.CommonRules;
import io.fanfare.api.json.Description;
import io.fanfare.api.json.Field;
import io.fanfare.api.json.RequestRules;
import io.fanfare.api.json.Rule;
import io.fanfare.api.json.StrictJson;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.EventName;

import org.springframework.stereotype.Component;
import org.springframework.util.unit.DataSize;

/**
 * What requests that publish may hold: one message, or a batch. {@link MessageReader}
 * reads by these rules, and the OpenAPI document is made from them.
 */
@Component
final class MessageRules implements RequestRules {

	private static final Duration MIN_TTL = Duration.ofMillis(1);

	private static final Duration MIN_WITHIN = Duration.ofSeconds(1);

	private static final Duration MAX_WITHIN = Duration.ofHours(24);

	private static final Rule.Text USER_ID = CommonRules.userId("A user id has " + ChannelName.USER_RULE);

	static final Field<Rule.Text> USER = Field.optional("user", USER_ID);

	static final Field<Rule.Text> CHANNEL = Field.optional("channel", CommonRules.topic(ChannelName.TOPIC_RULE));

	static final Field<Rule.Truth> ALL = Field.optional("all",
			new Rule.Truth(Description.inside("Must be true.").example(true)));

	static final Field<Rule.Text> EVENT = Field.optional("event", new Rule.Text(
			Description
				.of("EventName",
						"The event that clients listen to. Printable ASCII without space; not open, error or push.*.")
				.example("order")
				.standard(EventName.DEFAULT),
			EventName.RULE, "must have 1 to " + EventName.MAX_LENGTH
					+ " printable ASCII characters without space, and not be open, error or push.*"));

	static final Field<Rule.Truth> EPHEMERAL = Field.optional("ephemeral", new Rule.Truth(
			Description.of("Ephemeral", "Not stored, so only received by streams that are open now.").standard(false)));

	static final Field<Rule.Choice> FORMAT = Field.optional("format",
			new Rule.Choice(Description.of("Format", "json makes a string travel as JSON, with its quotes."),
					List.of("json"), "must be json"));

	static final Field<Rule.Text> KEY = Field.optional("idempotencyKey",
			new Rule.Text(
					Description.inside("Makes a repetition exact, for 24 hours unless set otherwise. Printable ASCII."),
					IdempotencyKey.NAME, IdempotencyKey.RULE));

	static final Field<Rule.Span> WITHIN = Field.required("within",
			new Rule.Span(Description
				.inside("By when: an ISO-8601 duration from " + CommonRules.words(MIN_WITHIN) + " to "
						+ CommonRules.words(MAX_WITHIN) + ", and not above ttl where there is one.")
				.example("PT30S"), MIN_WITHIN, MAX_WITHIN));

	static final Field<Rule.Plain> RECEIPT = Field.optional("receipt",
			Rule.Plain.of(Description.of("ReceiptRequest",
					"Asks for one verdict per user, receipt.delivered or receipt.undelivered, as an event. For user and"
							+ " users, and not with ephemeral."),
					WITHIN));

	final Field<Rule.Items<Rule.Text>> users;

	final Field<Rule.ExactlyOne> to;

	final Field<Rule.Any> data;

	/** The longest data, in bytes as it travels. */
	final long maxData;

	final Field<Rule.Span> ttl;

	final Rule.Plain message;

	final Rule.Plain batchMessage;

	final Field<Rule.Items<Rule.Plain>> messages;

	final Rule.Plain batch;

	MessageRules(PublishSettings settings) {
		this.users = Field.optional("users",
				new Rule.Items<>(Description.NONE, USER_ID, settings.users(), "is in the list already"));
		this.to = Field.required("to", Rule.ExactlyOne.of(Description.of("Target",
				"The recipients: exactly one of user, users, channel and all. Those that are null or empty count as absent,"
						+ " and so does all where it is false."),
				Rule.Plain.of(Description.of("OneUser", "One user."), USER),
				Rule.Plain.of(Description.of("SomeUsers", "Some users, none of them twice."), this.users),
				Rule.Plain.of(Description.of("Topic", "All streams that are subscribed to a topic."), CHANNEL),
				Rule.Plain.of(Description.of("Broadcast", "All streams."), ALL)));
		this.maxData = settings.data().toBytes();
		this.data = Field.required("data", new Rule.Any(Description.of("Data",
				"Any JSON, null too. A string travels as its text unless format is json; anything else as JSON without white"
						+ " space, numbers as they were written. At most " + size(settings.data())
						+ " as it travels, and lists and objects " + StrictJson.MAX_DEPTH
						+ " deep, those of the request counted.")));
		this.ttl = Field
			.optional("ttl", new Rule.Span(
					Description.of("TimeToLive",
							"How long the message is of use: an ISO-8601 duration of days, hours, minutes and seconds,"
									+ " from " + CommonRules.words(MIN_TTL) + " to " + CommonRules.words(settings.ttl())
									+ ". Later it is not delivered any more.")
						.example("PT1H"),
					MIN_TTL, settings.ttl()));
		this.message = Rule.Plain.of(Description.of("MessageRequest", "A message and its recipients."), this.to, EVENT,
				this.data, this.ttl, EPHEMERAL, FORMAT, RECEIPT);
		this.batchMessage = Rule.Plain.of(
				Description.of("BatchMessage", "A message of a batch, with its own idempotency key."), this.to, EVENT,
				this.data, this.ttl, EPHEMERAL, FORMAT, RECEIPT, KEY);
		this.messages = Field.required("messages",
				new Rule.Items<>(Description.NONE, this.batchMessage, settings.batch(), null));
		this.batch = Rule.Plain.of(Description.of("BatchRequest", "Messages that are published by one request."),
				this.messages);
	}

	private static String size(DataSize size) {
		return (size.toBytes() % 1024 == 0) ? size.toKilobytes() + " KiB" : size.toBytes() + " bytes";
	}

	@Override
	public List<Rule> rules() {
		return List.of(this.message, this.batch);
	}

}
