package io.fanfare.api.console;

import java.util.List;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fanfare.api.auth.AnyCaller;
import io.fanfare.api.auth.Caller;
import io.fanfare.api.ratelimit.CallerLimits;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.history.PublishQuota;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Tells callers what they may do, so that a page shows no more than that. */
@RestController
@Tag(name = "Tokens")
class MeEndpoint {

	private final CallerLimits limits;

	MeEndpoint(CallerLimits limits) {
		this.limits = limits;
	}

	/**
	 * Who calls.
	 *
	 * @param caller the name of the API key, or {@code ~} and the subject of the token
	 * @param scopes the scopes
	 * @param tokens what stream tokens and tickets of this caller may allow; absent
	 * without a ceiling
	 * @param limits what this caller may publish; absent without limits
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	@Schema(name = "Me")
	record Me(
			@Schema(description = "The name of the API key, or ~ and the subject of the token.",
					example = "billing") String caller,
			@Schema(example = "[\"read\", \"publish:news:*\"]") List<String> scopes, @Nullable TokenLimits tokens,
			@Nullable PublishLimits limits) {

	}

	/**
	 * A ceiling.
	 *
	 * @param maxTier the highest tier; absent for any
	 * @param channels patterns of topics; absent for any
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	record TokenLimits(@Schema(example = "normal") @Nullable String maxTier, @Nullable List<String> channels) {

	}

	/**
	 * Limits of publishing.
	 *
	 * @param bytesPerSecond bytes that grow back per second; absent for any number
	 * @param burst bytes at once after a pause
	 * @param newChannelsPerMinute new channels; absent for any number
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	record PublishLimits(@Nullable Long bytesPerSecond, @Nullable Long burst, @Nullable Integer newChannelsPerMinute) {

		static @Nullable PublishLimits of(@Nullable PublishQuota quota) {
			if (quota == null) {
				return null;
			}
			boolean bytes = quota.bytesPerSecond() > 0;
			return new PublishLimits(bytes ? quota.bytesPerSecond() : null, bytes ? quota.bytes() : null,
					(quota.channelsPerMinute() > 0) ? quota.channelsPerMinute() : null);
		}

	}

	@GetMapping(path = "/v1/me", produces = MediaType.APPLICATION_JSON_VALUE)
	@AnyCaller
	@Operation(operationId = "getMe", summary = "Tell what the key or token may do",
			description = "Its scopes, the ceiling of the stream tokens that it makes, and what it may publish.")
	Me me(@Parameter(hidden = true) @AuthenticationPrincipal Caller caller) {
		Tier maxTier = caller.maxTier();
		List<String> channels = caller.tokenChannels();
		return new Me(caller.id(), caller.scopes(),
				(maxTier != null || channels != null)
						? new TokenLimits((maxTier != null) ? maxTier.wireName() : null, channels) : null,
				PublishLimits.of(this.limits.account(caller.id()).quota()));
	}

}
