package io.fanfare.api.publish;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.Flaws;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.problem.ProblemType;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/**
 * Publishes many messages with one request. All are handed to Redis before the first
 * answer is waited for, so a batch costs one round trip, and ids follow the order of the
 * batch. It is no transaction: each message is stored or not by itself.
 */
@RestController
@Tag(name = "Messages")
class BatchEndpoint {

	private final PublicationReader reader;

	private final Publishing publishing;

	private final PublishSettings settings;

	BatchEndpoint(PublicationReader reader, Publishing publishing, PublishSettings settings) {
		this.reader = reader;
		this.publishing = publishing;
		this.settings = settings;
	}

	@PostMapping(path = "/v1/messages/batch", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(Scope.PUBLISH)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "publishBatch", summary = "Publish many messages",
			description = "Results stand in the order of the messages, each an answer as for one message or a"
					+ " problem. No transaction: each message is stored or not by itself. 503 for the whole means that"
					+ " none is known to be stored.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(required = true,
			content = @Content(schema = @Schema(ref = "#/components/schemas/BatchRequest"),
					examples = @ExampleObject(name = "two", value = """
							{"messages": [{"to": {"user": "alice"}, "data": "one", "idempotencyKey": "order-42-1"}, \
							{"to": {"channel": "news"}, "data": {"n": 2}}]}""")))
	BatchResult.Results publish(@RequestBody JsonBody body,
			@Parameter(hidden = true) @AuthenticationPrincipal Caller caller, HttpServletRequest request) {
		if (request.getHeader(IdempotencyKey.HEADER) != null) {
			throw ProblemException.invalid(FieldError.ofHeader(IdempotencyKey.HEADER,
					"is for one message; here each message carries its own " + PublicationReader.KEY_FIELD));
		}
		List<Item> items = read(body);
		String traceparent = TraceContext.of(request);
		List<Publishing.Started> started = new ArrayList<>(items.size());
		for (Item item : items) {
			started.add((item.publication() != null)
					? this.publishing.start(item.publication(), caller, item.pointer() + "/to", item.key(), traceparent)
					: Publishing.Started.refused(item.flaw()));
		}
		long deadline = this.publishing.deadline();
		List<Outcome> outcomes = new ArrayList<>(items.size());
		started.forEach((one) -> outcomes.add(this.publishing.finish(one, deadline)));
		failIfNothingIsKnown(outcomes);
		return new BatchResult.Results(outcomes.stream().map(BatchResult::of).toList());
	}

	/** A message of the batch, or why it is none. */
	private record Item(String pointer, @Nullable Publication publication, @Nullable String key,
			@Nullable Problem problem) {

		Problem flaw() {
			return java.util.Objects.requireNonNull(this.problem);
		}

	}

	private List<Item> read(JsonBody body) {
		Fields batch = body.fields();
		if (batch != null) {
			batch.allow("messages");
		}
		List<Fields.Item> messages = (batch != null && batch.require("messages"))
				? batch.list("messages", this.settings.batch()) : null;
		if (messages == null || !body.flaws().isEmpty()) {
			throw body.flaws().problem();
		}
		return messages.stream().map(this::read).toList();
	}

	private Item read(Fields.Item message) {
		Flaws flaws = new Flaws();
		Fields fields = Fields.of(message, flaws);
		String key = (fields != null) ? fields.text(PublicationReader.KEY_FIELD) : null;
		if (fields != null && key != null && !IdempotencyKey.isValid(key)) {
			fields.refuse(PublicationReader.KEY_FIELD, IdempotencyKey.RULE);
		}
		Publication publication = (fields != null) ? this.reader.read(fields, true, flaws) : null;
		return (publication != null) ? new Item(message.pointer(), publication, key, null)
				: new Item(message.pointer(), null, null, flaws.problem().problem());
	}

	private static void failIfNothingIsKnown(List<Outcome> outcomes) {
		Optional<Problem> away = outcomes.stream()
			.flatMap((outcome) -> (outcome instanceof Outcome.Failed failed) ? Optional.of(failed.problem()).stream()
					: java.util.stream.Stream.empty())
			.filter((problem) -> problem.status() == ProblemType.REDIS_UNAVAILABLE.status().value())
			.findFirst();
		if (away.isPresent() && outcomes.stream().noneMatch(Outcome.Stored.class::isInstance)) {
			throw ProblemException.of(away.get());
		}
	}

}
