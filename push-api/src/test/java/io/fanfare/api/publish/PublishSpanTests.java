package io.fanfare.api.publish;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

import io.fanfare.api.problem.Problem;
import io.fanfare.boot.tracing.Tracing;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.Traceparent;
import io.fanfare.redis.history.Publisher;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PublishSpanTests {

	private static final String CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

	private static final String PUBLISH = "00-0af7651916cd43dd8448eb211c80319c-c8be7c827a314442-01";

	private final Map<String, String> notes = new TreeMap<>();

	private final List<String> begun = new ArrayList<>();

	private @Nullable String failure;

	private int ended;

	/** Records each span, as the only one. */
	private final Tracing tracing = (name, role, parent) -> {
		this.begun.add(name + " " + role + " " + parent);
		return new Tracing.Span() {

			@Override
			public Traceparent traceparent() {
				return Objects.requireNonNull(Traceparent.parse(PUBLISH));
			}

			@Override
			public void note(String attribute, String value) {
				PublishSpanTests.this.notes.put(attribute, value);
			}

			@Override
			public void note(String attribute, long value) {
				PublishSpanTests.this.notes.put(attribute, Long.toString(value));
			}

			@Override
			public void failed(String why) {
				PublishSpanTests.this.failure = why;
			}

			@Override
			public void end() {
				PublishSpanTests.this.ended++;
			}

		};
	};

	private static List<PreparedMessage> messages(PreparedMessage... messages) {
		return new ArrayList<>(List.of(messages));
	}

	private static PreparedMessage traced(PreparedMessage message) {
		MessageRequest said = message.request();
		return new PreparedMessage(
				message.index(), new MessageRequest(said.pointer(), said.target(), said.event(), said.data(),
						said.ttl(), said.ephemeral(), said.key(), CALLER, said.within()),
				message.script(), message.weight());
	}

	/** With a receipt. */
	private static PreparedMessage awaited(PreparedMessage message) {
		Publisher.Request script = message.script();
		Envelope said = script.envelope();
		Envelope envelope = new Envelope(said.event(), said.data(), said.publishedAt(), said.expiresAt(),
				said.ephemeral(), said.traceparent(), true);
		return new PreparedMessage(message.index(), message.request(), new Publisher.Request(script.channels(),
				envelope, script.idempotency(), script.charge(), Duration.ofSeconds(30)), message.weight());
	}

	private PublishSpan begin(List<PreparedMessage> messages) {
		return Objects.requireNonNull(PublishSpan.begin(this.tracing, messages));
	}

	private static Receipt stored(@Nullable String id) {
		return new Receipt.Stored(id, null, null, false);
	}

	@Test
	void messagesCarryTheSpanAndElseStayAsTheyWere() {
		List<PreparedMessage> messages = messages(traced(Messages.toUser(0, "alice", "key")),
				awaited(Messages.toUser(1, "bob", null)));
		List<PreparedMessage> before = List.copyOf(messages);
		begin(messages);
		assertThat(this.begun).containsExactly("publish PRODUCER " + CALLER);
		assertThat(messages).extracting((message) -> message.script().envelope().traceparent())
			.containsExactly(PUBLISH, PUBLISH);
		for (int i = 0; i < messages.size(); i++) {
			assertThat(messages.get(i)).usingRecursiveComparison()
				.ignoringFields("script.envelope.traceparent")
				.isEqualTo(before.get(i));
		}
	}

	@Test
	void whatIsNotRecordedLeavesMessagesAlone() {
		List<PreparedMessage> messages = messages(traced(Messages.toUser(0, "alice", null)));
		PreparedMessage before = messages.getFirst();
		assertThat(PublishSpan.begin(Tracing.OFF, messages)).isNull();
		assertThat(messages.getFirst()).isSameAs(before);
	}

	/** All of them were refused before. */
	@Test
	void aRequestWithNothingToSendHasNoSpan() {
		assertThat(PublishSpan.begin(this.tracing, messages())).isNull();
		assertThat(this.begun).isEmpty();
	}

	@Test
	void aMessageThatIsStoredIsNamed() {
		begin(messages(Messages.toUser(1, "alice", null)))
			.end(Arrays.asList(new Receipt.Refused(Problem.of(ProblemType.INSUFFICIENT_SCOPE, "")), stored("7-0")));
		assertThat(this.begun).containsExactly("publish PRODUCER null");
		assertThat(this.notes).isEqualTo(Map.of("fanfare.messages", "1", "fanfare.channels", "1", "fanfare.stored", "1",
				"fanfare.message.id", "7-0"));
		assertThat(this.failure).isNull();
		assertThat(this.ended).isOne();
	}

	@Test
	void theFirstThatIsNotStoredSaysWhy() {
		begin(messages(
				Messages.to(0, new Target.Users(List.of(ChannelName.user("alice"), ChannelName.user("bob"))), null),
				Messages.toUser(1, "alice", null), Messages.toUser(2, "alice", null)))
			.end(Arrays.asList(stored(null),
					new Receipt.Unknown(Problem.of(ProblemType.REDIS_UNAVAILABLE, "no answer")),
					new Receipt.Refused(Problem.of(ProblemType.REDIS_FULL, "full"))));
		assertThat(this.notes)
			.isEqualTo(Map.of("fanfare.messages", "3", "fanfare.channels", "4", "fanfare.stored", "1"));
		assertThat(this.failure).isEqualTo("redis-unavailable");
		assertThat(this.ended).isOne();
	}

	@Test
	void whatWasNotFoundOutIsAnError() {
		begin(messages(Messages.toUser(0, "alice", null))).end(Arrays.asList((Receipt) null));
		assertThat(this.failure).isEqualTo("error");
		assertThat(this.ended).isOne();
	}

}
