package io.fanfare.api.publish;

import java.util.Collections;
import java.util.List;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ProblemType;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.enums.ParameterIn;
import io.swagger.v3.oas.annotations.headers.Header;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;

import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Publishes one message. */
@RestController
@Tag(name = "Messages")
class MessageEndpoint {

	private static final String REPLAYED = "Idempotency-Replayed";

	private final MessageReader reader;

	private final Publishing publishing;

	MessageEndpoint(MessageReader reader, Publishing publishing) {
		this.reader = reader;
		this.publishing = publishing;
	}

	@PostMapping(path = "/v1/messages", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(value = Scope.PUBLISH, patterns = true)
	@Answers({ ProblemType.IDEMPOTENCY_KEY_IN_USE, ProblemType.IDEMPOTENCY_KEY_REUSED, ProblemType.REDIS_UNAVAILABLE,
			ProblemType.REDIS_FULL })
	@Operation(operationId = "publishMessage", summary = "Publish a message",
			description = "To one user, some users, a topic or everyone. What is answered 200 is stored. A message to some"
					+ " users is stored in pieces, in their order: after 503 some of them may have it, and a repetition with"
					+ " the same key completes the rest.")
	@Parameter(in = ParameterIn.HEADER, name = IdempotencyKey.HEADER,
			schema = @Schema(type = "string", pattern = IdempotencyKey.HEADER_PATTERN),
			description = "Makes a repetition exact: for 24 hours, unless set otherwise, the same request gets the same answer, with"
					+ " Idempotency-Replayed: true. Quoted or bare.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(required = true, content = @Content(
			schema = @Schema(ref = "#/components/schemas/MessageRequest"),
			examples = { @ExampleObject(name = "user", value = """
					{"to": {"user": "alice"}, "event": "order", "data": {"id": 42, "state": "shipped"}}"""),
					@ExampleObject(name = "users", value = """
							{"to": {"users": ["alice", "bob"]}, "data": "Lunch is ready"}"""),
					@ExampleObject(name = "channel", value = """
							{"to": {"channel": "news"}, "event": "headline", "data": "It rains", "ttl": "PT1H"}"""),
					@ExampleObject(name = "all", value = """
							{"to": {"all": true}, "event": "maintenance", "data": null}"""),
					@ExampleObject(name = "ephemeral", value = """
							{"to": {"user": "alice"}, "event": "typing", "data": "bob", "ephemeral": true, \
							"format": "json"}""") }))
	@ApiResponse(responseCode = "200", useReturnTypeSchema = true, description = "The message is stored.",
			headers = @Header(name = REPLAYED, schema = @Schema(type = "boolean"),
					description = "true where this is the answer of an earlier request with the same key."))
	ResponseEntity<Receipt.Stored> publish(@RequestBody JsonBody body,
			@Parameter(hidden = true) @AuthenticationPrincipal Caller caller, HttpServletRequest request) {
		String key = IdempotencyKey.read(Collections.list(request.getHeaders(IdempotencyKey.HEADER)));
		MessageRequest message = this.reader.read(body, key, TraceContext.of(request));
		return switch (this.publishing.publish(List.of(message), caller).getFirst()) {
			case Receipt.Stored stored -> stored.replayed() ? ResponseEntity.ok().header(REPLAYED, "true").body(stored)
					: ResponseEntity.ok(stored);
			case Receipt.Refused refused -> throw ProblemException.of(refused.problem());
			case Receipt.Unknown unknown -> throw ProblemException.of(unknown.problem());
		};
	}

}
