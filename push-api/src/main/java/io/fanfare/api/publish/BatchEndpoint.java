package io.fanfare.api.publish;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.Flaws;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ProblemType;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/**
 * Publishes many messages with one request, many in each round trip, and ids follow the
 * order of the batch. It is no transaction: each message is stored or not by itself.
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
	@Answers({ ProblemType.TOO_MANY_RECIPIENTS, ProblemType.REDIS_UNAVAILABLE, ProblemType.REDIS_FULL })
	@Operation(operationId = "publishBatch", summary = "Publish many messages",
			description = "Results stand in the order of the messages, each an answer as for one message or a"
					+ " problem. No transaction: each message is stored or not by itself. 503 for the whole means that"
					+ " none is known to be stored. All messages together may have 5 000 recipients, and 64 MiB as they"
					+ " are stored: the data of each, once for each of its recipients.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(required = true,
			content = @Content(schema = @Schema(ref = "#/components/schemas/BatchRequest"),
					examples = @ExampleObject(name = "two", value = """
							{"messages": [{"to": {"user": "alice"}, "data": "one", "idempotencyKey": "order-42-1"}, \
							{"to": {"channel": "news"}, "data": {"n": 2}}]}""")))
	BatchResult.Results publish(@RequestBody JsonBody body,
			@Parameter(hidden = true) @AuthenticationPrincipal Caller caller, HttpServletRequest request) {
		String key = request.getHeader(IdempotencyKey.HEADER);
		if (key != null && !key.isBlank()) {
			throw ProblemException.invalid(FieldError.ofHeader(IdempotencyKey.HEADER,
					"is for one message; here each message carries its own " + PublicationReader.KEY_FIELD));
		}
		String traceparent = TraceContext.of(request);
		List<Publishing.Prepared> messages = new ArrayList<>();
		for (Fields.Item item : items(body)) {
			messages.add(prepare(item, caller, traceparent));
		}
		List<Outcome> outcomes = this.publishing.publish(messages);
		failIfNothingIsKnown(outcomes);
		return new BatchResult.Results(outcomes.stream().map(BatchResult::of).toList());
	}

	private List<Fields.Item> items(JsonBody body) {
		Fields batch = body.fields().allow("messages");
		List<Fields.Item> messages = batch.require("messages") ? batch.list("messages", this.settings.batch()) : null;
		if (messages == null || !body.flaws().isEmpty()) {
			throw body.flaws().problem();
		}
		return messages;
	}

	private Publishing.Prepared prepare(Fields.Item item, Caller caller, @Nullable String traceparent) {
		Flaws flaws = new Flaws();
		Fields fields = Fields.of(item, flaws);
		String key = (fields != null) ? fields.text(PublicationReader.KEY_FIELD) : null;
		if (fields != null && key != null && !IdempotencyKey.isValid(key)) {
			fields.refuse(PublicationReader.KEY_FIELD, IdempotencyKey.RULE);
		}
		Publication publication = (fields != null) ? this.reader.read(fields, true, flaws) : null;
		return (publication != null) ? this.publishing.prepare(publication, caller, item.pointer(), key, traceparent)
				: new Publishing.Prepared.Refused(flaws.problem().problem());
	}

	private static void failIfNothingIsKnown(List<Outcome> outcomes) {
		List<Outcome.Failed> away = outcomes.stream()
			.filter(Outcome.Failed.class::isInstance)
			.map(Outcome.Failed.class::cast)
			.filter((failed) -> failed.problem().status() == HttpStatus.SERVICE_UNAVAILABLE.value())
			.toList();
		if (!away.isEmpty() && outcomes.stream().noneMatch(Outcome.Stored.class::isInstance)) {
			// One that may be stored says so for all of them.
			Outcome.Failed told = away.stream().filter(Outcome.Failed::uncertain).findFirst().orElse(away.getFirst());
			throw ProblemException.of(told.problem());
		}
	}

}
