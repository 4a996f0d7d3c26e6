package io.fanfare.api.publish;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.Problem;
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

	private final MessageReader reader;

	private final Publishing publishing;

	BatchEndpoint(MessageReader reader, Publishing publishing) {
		this.reader = reader;
		this.publishing = publishing;
	}

	@PostMapping(path = "/v1/messages/batch", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(value = Scope.PUBLISH, patterns = true)
	@Answers({ ProblemType.TOO_MANY_RECIPIENTS, ProblemType.REDIS_UNAVAILABLE, ProblemType.REDIS_FULL })
	@Operation(operationId = "publishBatch", summary = "Publish many messages",
			description = "Results stand in the order of the messages, each an answer as for one message or a"
					+ " problem. No transaction: each message is stored or not by itself. 503 for the whole means that"
					+ " none is known to be stored. All messages together may have " + Publishing.MAX_RECIPIENTS
					+ " recipients, and " + Publishing.MAX_BYTES / 1024 / 1024
					+ " MiB as they are stored: the data of each, once for each of its recipients.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(required = true,
			content = @Content(schema = @Schema(ref = "#/components/schemas/BatchRequest"),
					examples = @ExampleObject(name = "two", value = """
							{"messages": [{"to": {"user": "alice"}, "data": "one", "idempotencyKey": "order-42-1"}, \
							{"to": {"channel": "news"}, "data": {"n": 2}}]}""")))
	Results publish(@RequestBody JsonBody body, @Parameter(hidden = true) @AuthenticationPrincipal Caller caller,
			HttpServletRequest request) {
		String key = request.getHeader(IdempotencyKey.HEADER);
		if (key != null && !key.isBlank()) {
			throw ProblemException.invalid(FieldError.ofHeader(IdempotencyKey.HEADER,
					"is for one message; here each message carries its own " + MessageRules.KEY.name()));
		}
		String traceparent = TraceContext.of(request);
		List<@Nullable Receipt> receipts = new ArrayList<>();
		List<MessageRequest> messages = new ArrayList<>();
		for (Fields.Item item : this.reader.items(body)) {
			try {
				messages.add(this.reader.readItem(item, traceparent));
				receipts.add(null);
			}
			catch (ProblemException ex) {
				receipts.add(new Receipt.Refused(ex.problem()));
			}
		}
		List<Receipt> all = withPublished(receipts, this.publishing.publish(messages, caller));
		failIfNothingIsKnown(all);
		return new Results(all.stream().map(BatchResult::of).toList());
	}

	/** Puts what was published between what could not be read. */
	private List<Receipt> withPublished(List<@Nullable Receipt> receipts, List<Receipt> published) {
		List<Receipt> all = new ArrayList<>(receipts.size());
		Iterator<Receipt> next = published.iterator();
		for (Receipt unread : receipts) {
			if (unread != null) {
				this.publishing.count(unread);
			}
			all.add((unread != null) ? unread : next.next());
		}
		return all;
	}

	/**
	 * Where nothing is stored, and Redis is away or a quota is used up, the whole request
	 * says so.
	 */
	private static void failIfNothingIsKnown(List<Receipt> receipts) {
		Problem unknown = null;
		Problem unavailable = null;
		Receipt.Limited limited = null;
		for (Receipt receipt : receipts) {
			switch (receipt) {
				case Receipt.Stored stored -> {
					return;
				}
				case Receipt.Unknown one -> unknown = (unknown != null) ? unknown : one.problem();
				case Receipt.Limited one -> limited = one;
				case Receipt.Refused one when one.problem().status() == HttpStatus.SERVICE_UNAVAILABLE.value() ->
					unavailable = (unavailable != null) ? unavailable : one.problem();
				case Receipt.Refused one -> {
				}
			}
		}
		// One that may be stored says so for all of them.
		Problem reported = (unknown != null) ? unknown : unavailable;
		if (reported != null) {
			throw ProblemException.of(reported);
		}
		if (limited != null) {
			throw FailureReceipts.quotaExceeded(limited);
		}
	}

	/**
	 * What became of one message of a batch: a publish's answer, or a problem.
	 *
	 * @param id the message's id
	 * @param recipients the users it went to
	 * @param streams how many streams are open, where it went to everyone
	 * @param replayed true where it is the answer of an earlier request with the same key
	 * @param problem why it is not stored
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	record BatchResult(@Schema(example = "1785000000000-0") @Nullable String id,
			@Nullable List<Receipt.Recipient> recipients,
			@Schema(description = "How many streams a message to all reaches.") @Nullable Integer streams,
			@Schema(description = "True where this is the answer of an earlier request with the same key.") @Nullable Boolean replayed,
			@Nullable Problem problem) {

		static BatchResult of(Receipt receipt) {
			return switch (receipt) {
				case Receipt.Stored stored -> new BatchResult(stored.id(), stored.recipients(), stored.streams(),
						stored.replayed() ? true : null, null);
				case Receipt.Refused refused -> new BatchResult(null, null, null, null, refused.problem());
				case Receipt.Limited limited -> new BatchResult(null, null, null, null, limited.problem());
				case Receipt.Unknown unknown -> new BatchResult(null, null, null, null, unknown.problem());
			};
		}

	}

	/**
	 * What became of a batch.
	 *
	 * @param results one for each message, in order
	 */
	@Schema(name = "BatchResults")
	record Results(List<BatchResult> results) {

	}

}
