package io.fanfare.api.auth;

import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.Answers;
import io.fanfare.protocol.ProblemType;
import io.swagger.v3.oas.annotations.Hidden;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Tokens for streams, where a backend does not sign its own. */
@RestController
@Tag(name = "Tokens")
class TokenEndpoint {

	private final StreamTokens tokens;

	private final TokenRequests requests;

	TokenEndpoint(StreamTokens tokens, TokenRequests requests) {
		this.tokens = tokens;
		this.requests = requests;
	}

	@PostMapping(path = "/v1/tokens", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(value = Scope.TOKENS, patterns = true)
	@Answers(ProblemType.NOT_FOUND)
	@Operation(operationId = "createToken", summary = "Make a token with which a user opens a stream",
			description = "Only where fanfare.tokens.enabled is true; otherwise 404."
					+ " With Accept: text/plain the answer is the bare token.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(required = true,
			content = @Content(schema = @Schema(ref = "#/components/schemas/TokenRequest"),
					examples = { @ExampleObject(name = "user", value = """
							{"user": "alice"}"""), @ExampleObject(name = "topics", value = """
							{"user": "alice", "channels": ["news", "orders:*"], "tier": "high", "ttl": "PT15M"}""") }))
	StreamTokens.StreamToken create(@RequestBody JsonBody body,
			@Parameter(hidden = true) @AuthenticationPrincipal Caller caller) {
		return make(body, caller);
	}

	/** The bare token, for a line of a shell. */
	@PostMapping(path = "/v1/tokens", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.TEXT_PLAIN_VALUE)
	@RequiresScope(value = Scope.TOKENS, patterns = true)
	@Hidden
	String createText(@RequestBody JsonBody body, @AuthenticationPrincipal Caller caller) {
		return make(body, caller).token();
	}

	private StreamTokens.StreamToken make(JsonBody body, Caller caller) {
		TokenRequests.TokenRequest asked = this.requests.read(body, caller);
		return this.tokens.make(asked.user(), asked.channels(), asked.tier(), asked.ttl());
	}

}
