package io.fanfare.api.channel;

import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.history.History;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The clock now. A backend asks for it before it reads its data; the page that it renders
 * opens its stream with it and misses nothing that came between.
 */
@RestController
@Tag(name = "Channels")
class CursorEndpoint {

	private final History history;

	private final RedisCalls calls;

	CursorEndpoint(History history, RedisCalls calls) {
		this.history = history;
		this.calls = calls;
	}

	/**
	 * A point in time.
	 *
	 * @param cursor what a stream takes as {@code lastEventId}
	 */
	record Cursor(
			@Schema(description = "What a stream takes as lastEventId.", example = "1785000000000-0") String cursor) {

	}

	@GetMapping(path = "/v1/cursor", produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(value = Scope.READ, patterns = true)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "getCursor", summary = "Tell the cursor of now",
			description = "Ask for it before reading the data of a page, and open the page's stream with it.")
	Cursor now() {
		return new Cursor(MessageId.format(this.calls.await(this.history.headId())));
	}

}
