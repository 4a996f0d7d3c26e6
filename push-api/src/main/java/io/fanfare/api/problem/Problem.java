package io.fanfare.api.problem;

import java.util.List;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.RedisUnavailableException;
import org.jspecify.annotations.Nullable;

/**
 * A problem document of RFC 9457.
 *
 * @param type what kind, a URI that never changes
 * @param title the kind for people
 * @param status the HTTP status
 * @param detail what happened this time
 * @param errors what is wrong with the request, where that is known
 * @param violatedPolicies the policies whose quota is used up
 * (draft-ietf-httpapi-ratelimit-headers-10)
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Problem(String type, String title, int status, @Nullable String detail, @Nullable List<FieldError> errors,
		@JsonProperty("violated-policies") @Nullable List<String> violatedPolicies) {

	/**
	 * A problem.
	 * @param type its type
	 * @param detail what happened
	 * @return the document
	 */
	public static Problem of(ProblemType type, @Nullable String detail) {
		return new Problem(type.uri(), type.title(), type.status(), detail, null, null);
	}

	/**
	 * A problem with the request.
	 * @param type its type
	 * @param errors what is wrong
	 * @return the document
	 */
	public static Problem of(ProblemType type, List<FieldError> errors) {
		String detail = (errors.size() == 1) ? errors.getFirst().summary() : errors.size() + " things are wrong";
		return new Problem(type.uri(), type.title(), type.status(), detail, List.copyOf(errors), null);
	}

	/**
	 * A quota is used up.
	 * @param policy its policy
	 * @param detail what happened
	 * @return the document
	 */
	public static Problem quotaExceeded(String policy, String detail) {
		ProblemType type = ProblemType.QUOTA_EXCEEDED;
		return new Problem(type.uri(), type.title(), type.status(), detail, null, List.of(policy));
	}

	/**
	 * Redis did not answer, or refused.
	 * @param failure what happened
	 * @param advice what the caller should do
	 * @return the document, which names what was refused
	 */
	public static Problem redisUnavailable(Exception failure, String advice) {
		RedisRefusal refusal = (failure instanceof RedisUnavailableException unavailable) ? unavailable.refusal()
				: null;
		return (refusal != null) ? redisRefused(refusal, advice) : of(ProblemType.REDIS_UNAVAILABLE, advice);
	}

	/**
	 * Redis refused.
	 * @param refusal why
	 * @param advice what the caller should do
	 * @return the document, which names what was refused
	 */
	public static Problem redisRefused(RedisRefusal refusal, String advice) {
		return of((refusal == RedisRefusal.OOM) ? ProblemType.REDIS_FULL : ProblemType.REDIS_UNAVAILABLE,
				refusal.sentence() + ". " + advice);
	}

	/**
	 * The type for a status that the HTTP layer chose.
	 * @param status the status
	 * @return the type
	 */
	static ProblemType typeOf(int status) {
		return switch (status) {
			case 400 -> ProblemType.INVALID_REQUEST;
			case 401 -> ProblemType.UNAUTHORIZED;
			case 403 -> ProblemType.INSUFFICIENT_SCOPE;
			case 404 -> ProblemType.NOT_FOUND;
			case 405 -> ProblemType.METHOD_NOT_ALLOWED;
			case 406 -> ProblemType.NOT_ACCEPTABLE;
			case 413 -> ProblemType.CONTENT_TOO_LARGE;
			case 415 -> ProblemType.UNSUPPORTED_MEDIA_TYPE;
			default -> (status >= 500) ? ProblemType.INTERNAL_ERROR : ProblemType.REFUSED;
		};
	}

	/**
	 * The last part of its type.
	 * @return one of a small closed set
	 */
	public String name() {
		return this.type.substring(this.type.lastIndexOf('/') + 1);
	}

	public Problem withStatus(int other) {
		return new Problem(this.type, this.title, other, this.detail, this.errors, this.violatedPolicies);
	}

}
