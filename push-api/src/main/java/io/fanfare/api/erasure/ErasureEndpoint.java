package io.fanfare.api.erasure;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.erasure.Erasure;
import io.micrometer.core.instrument.MeterRegistry;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Erases messages, and what is kept of a user. */
@RestController
class ErasureEndpoint {

	private final Erasure erasure;

	private final RedisCalls calls;

	private final MeterRegistry meters;

	ErasureEndpoint(Erasure erasure, RedisCalls calls, MeterRegistry meters) {
		this.erasure = erasure;
		this.calls = calls;
		this.meters = meters;
	}

	/**
	 * What was erased of a user.
	 *
	 * @param user the user
	 * @param messages how many messages
	 * @param tickets how many tickets
	 * @param connection the connection that ends, or null if there was none
	 */
	@Schema(name = "ErasedUser")
	record ErasedUser(@Schema(example = "alice") String user,
			@Schema(description = "How many messages the user's channel held.", example = "3") long messages,
			@Schema(description = "How many tickets of the user were not spent.", example = "0") long tickets,
			@Schema(types = {
					"string", "null" }, description = "The connection that ends; null if the user had none.",
					example = "node-1.4f9Ka2Qz") @Nullable String connection){

	}

	/**
	 * A message that was erased.
	 *
	 * @param channel its channel
	 * @param id its id
	 * @param retraction the id of its retraction
	 */
	@Schema(name = "ErasedMessage")
	record ErasedMessage(@Schema(ref = "#/components/schemas/ChannelName") String channel,
			@Schema(ref = "#/components/schemas/MessageId") String id,
			@Schema(ref = "#/components/schemas/MessageId") String retraction) {

	}

	@DeleteMapping(path = "/v1/users/{user}/data", produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(Scope.ADMIN)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Tag(name = "Users")
	@Operation(operationId = "eraseUser", summary = "Erase what is kept of a user",
			description = "The messages of the user's channel, presence, counts, and tickets. The user's stream is"
					+ " given push.retracted and ends with the reason logout. Revocations stay. A user of whom"
					+ " nothing is kept is answered 200 as well.")
	ErasedUser eraseUser(@Parameter(description = "The user's id, percent-encoded: a/b is a%2Fb.", example = "alice",
			schema = @Schema(ref = "#/components/schemas/UserId")) @PathVariable String user) {
		if (!ChannelName.isUser(user)) {
			throw ProblemException.invalid(FieldError.ofParameter("user", "must have " + ChannelName.USER_RULE));
		}
		Erasure.Erased erased = this.calls.await(this.erasure.user(user));
		count("user");
		return new ErasedUser(user, erased.messages(), erased.tickets(), erased.connection());
	}

	@DeleteMapping(path = "/v1/channels/{channel}/messages/{id}", produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(Scope.ADMIN)
	@Answers({ ProblemType.NOT_FOUND, ProblemType.REDIS_UNAVAILABLE })
	@Tag(name = "Channels")
	@Operation(operationId = "eraseMessage", summary = "Erase a message from a channel's history",
			description = "Streams of the channel are given push.retracted, also those that resume later. 404 where"
					+ " the history does not hold the message: it was erased or trimmed before, or never stored.")
	ErasedMessage eraseMessage(@Parameter(description = "A topic, all, or user:<id>, percent-encoded.",
			schema = @Schema(ref = "#/components/schemas/ChannelName"), example = "news") @PathVariable String channel,
			@Parameter(description = "The message's id.", schema = @Schema(ref = "#/components/schemas/MessageId"),
					example = "1785000000000-0") @PathVariable String id) {
		List<FieldError> errors = new ArrayList<>();
		ChannelName name = null;
		try {
			name = ChannelName.parse(channel);
		}
		catch (IllegalArgumentException ex) {
			errors.add(FieldError.ofParameter("channel", String.valueOf(ex.getMessage())));
		}
		Long message = MessageId.tryParse(id);
		if (message == null) {
			errors.add(FieldError.ofParameter("id", "must be a message id such as 1785000000000-0"));
		}
		if (name == null || message == null) {
			throw ProblemException.of(ProblemType.INVALID_REQUEST, errors);
		}
		Long retraction = this.calls.await(this.erasure.message(name, message));
		if (retraction == null) {
			throw ProblemException.of(ProblemType.NOT_FOUND, "The history of the channel does not hold this message");
		}
		count("message");
		return new ErasedMessage(name.value(), MessageId.format(message), MessageId.format(retraction));
	}

	private void count(String what) {
		this.meters.counter("fanfare.erasures", "what", what).increment();
	}

}
