package io.fanfare.api.publish;

import java.util.List;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fanfare.api.problem.Problem;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * What one message of a batch came to: a publish's answer, or a problem.
 *
 * @param id the message's id
 * @param recipients the users it went to
 * @param replayed true where it is the answer of an earlier request with the same key
 * @param problem why it is not stored
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record BatchResult(@Schema(example = "1785000000000-0") @Nullable String id,
		@Nullable List<Published.Recipient> recipients,
		@Schema(description = "True where this is the answer of an earlier request with the same key.") @Nullable Boolean replayed,
		@Nullable Problem problem) {

	/**
	 * What a batch came to.
	 *
	 * @param results one for each message, in order
	 */
	@Schema(name = "BatchResults")
	record Results(List<BatchResult> results) {

	}

	static BatchResult of(Outcome outcome) {
		return switch (outcome) {
			case Outcome.Stored stored -> new BatchResult(stored.answer().id(), stored.answer().recipients(),
					stored.replayed() ? true : null, null);
			case Outcome.Failed failed -> new BatchResult(null, null, null, failed.problem());
		};
	}

}
