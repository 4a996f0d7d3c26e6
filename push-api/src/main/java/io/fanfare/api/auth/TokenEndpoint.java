package io.fanfare.api.auth;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.api.json.Fields;
import io.fanfare.api.json.Flaws;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ChannelPattern;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.TokenLimits;
import io.swagger.v3.oas.annotations.Hidden;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Tokens for streams, where a backend does not sign its own. */
@RestController
@Tag(name = "Tokens")
class TokenEndpoint {

	private final StreamTokens tokens;

	TokenEndpoint(StreamTokens tokens) {
		this.tokens = tokens;
	}

	@PostMapping(path = "/v1/tokens", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(Scope.TOKENS)
	@Answers(ProblemType.NOT_FOUND)
	@Operation(operationId = "createToken", summary = "Make a token with which a user opens a stream",
			description = "Only where fanfare.tokens.enabled is true; otherwise 404."
					+ " With Accept: text/plain the answer is the bare token.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(required = true,
			content = @Content(schema = @Schema(ref = "#/components/schemas/TokenRequest"),
					examples = { @ExampleObject(name = "user", value = """
							{"user": "alice"}"""), @ExampleObject(name = "topics", value = """
							{"user": "alice", "channels": ["news", "orders:*"], "tier": "high", "ttl": "PT15M"}""") }))
	StreamTokens.StreamToken create(@RequestBody JsonBody body) {
		return make(body);
	}

	/** The bare token, for a line of a shell. */
	@PostMapping(path = "/v1/tokens", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.TEXT_PLAIN_VALUE)
	@RequiresScope(Scope.TOKENS)
	@Hidden
	String createText(@RequestBody JsonBody body) {
		return make(body).token();
	}

	private StreamTokens.StreamToken make(JsonBody body) {
		if (!this.tokens.isEnabled()) {
			throw ProblemException.of(ProblemType.NOT_FOUND,
					"Tokens are not made here: fanfare.tokens.enabled is false");
		}
		Flaws flaws = body.flaws();
		Fields fields = body.fields().allow("user", "channels", "tier", "ttl");
		String user = fields.require("user") ? fields.text("user") : null;
		if (user != null && !ChannelName.isUser(user)) {
			fields.refuse("user", "must have " + ChannelName.USER_RULE);
		}
		List<String> channels = channels(fields, flaws);
		Tier tier = tier(fields);
		Duration ttl = fields.duration("ttl", Duration.ofSeconds(1), this.tokens.maxTtl());
		if (user == null || !flaws.isEmpty()) {
			throw flaws.problem();
		}
		return this.tokens.make(user, channels, tier, ttl);
	}

	private static @Nullable Tier tier(Fields fields) {
		String name = fields.text("tier");
		Tier tier = (name != null) ? Tier.find(name) : null;
		if (name != null && tier == null) {
			fields.refuse("tier", "must be " + Tier.RULE);
		}
		return tier;
	}

	private static @Nullable List<String> channels(Fields fields, Flaws flaws) {
		List<Fields.Item> items = fields.list("channels", TokenLimits.MAX_CHANNELS);
		if (items == null) {
			return null;
		}
		List<String> channels = new ArrayList<>();
		for (Fields.Item item : items) {
			String channel = item.text(flaws);
			if (channel != null && !ChannelPattern.isOfTopics(channel)) {
				flaws.add(item.pointer(), "must be a topic, a prefix such as orders:*, or *");
			}
			if (channel != null) {
				channels.add(channel);
			}
		}
		return channels;
	}

}
