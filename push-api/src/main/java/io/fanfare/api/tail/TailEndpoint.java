package io.fanfare.api.tail;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.CallerCheck;
import io.fanfare.api.auth.ClientAddress;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.audit.AuditLog;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Ticker;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/**
 * Shows what a user is sent, as it is sent. A tail holds a virtual thread, a connection
 * and a bounded queue for as long as it lasts, and there are few. The request is an
 * asynchronous one, for the answer to any other has to be read within seconds.
 */
@RestController
@Tag(name = "Users")
class TailEndpoint {

	static final Duration MAX_TIME = Duration.ofMinutes(15);

	private static final Logger log = LoggerFactory.getLogger(TailEndpoint.class);

	private final Tails tails;

	private final CallerCheck callers;

	private final ClientAddress addresses;

	private final AuditLog audit;

	private final JsonMapper json;

	private final Clock clock;

	private final Ticker ticker;

	private final Errors errors;

	TailEndpoint(Tails tails, CallerCheck callers, ClientAddress addresses, AuditLog audit, JsonMapper json,
			Clock clock, Ticker ticker, Errors errors) {
		this.errors = errors;
		this.tails = tails;
		this.callers = callers;
		this.addresses = addresses;
		this.audit = audit;
		this.json = json;
		this.clock = clock;
		this.ticker = ticker;
	}

	@GetMapping(path = "/v1/users/{user}/tail", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
	@RequiresScope(Scope.ADMIN)
	@Answers(ProblemType.OVERLOADED)
	@Operation(operationId = "tailUser", summary = "Show what a user is sent, as it is sent",
			description = "An event stream that ends after 15 minutes: tail.begin, tail.stream for each stream that is"
					+ " copied, tail.sent for each block, tail.dropped, tail.closed, tail.unanswered, tail.interrupted"
					+ " and tail.end. It sees copies, and never slows a stream.",
			responses = @ApiResponse(responseCode = "200", description = "The tail begins",
					content = @Content(mediaType = MediaType.TEXT_EVENT_STREAM_VALUE, schema = @Schema(type = "string"),
							examples = @ExampleObject("""
									event: tail.sent
									data: {"connection":"node-1.x7Gh2kPq.4f9Ka2QzbT81LmNe","id":"1764280800000-0",\
									"event":"order","data":"{\\"id\\":42}"}

									"""))))
	void tail(
			@Parameter(description = "The user's id, percent-encoded: a/b is a%2Fb.", example = "alice",
					schema = @Schema(ref = "#/components/schemas/UserId")) @PathVariable String user,
			@Parameter(hidden = true) @AuthenticationPrincipal Caller caller, HttpServletRequest request,
			HttpServletResponse response) throws IOException {
		if (!ChannelName.isUser(user)) {
			throw ProblemException.invalid(FieldError.ofParameter("user", "must have " + ChannelName.USER_RULE));
		}
		if (HttpMethod.HEAD.matches(request.getMethod())) {
			begin(response);
			return;
		}
		Map<String, Object> known = new LinkedHashMap<>();
		known.put("operation", "tailUser");
		known.put("caller", caller.id());
		known.put("address", this.addresses.of(request).getHostAddress());
		known.put("user", user);
		// Last: nothing that throws may stand between this and what closes it.
		Tail tail = this.tails.open(user);
		boolean started = false;
		try {
			begin(response);
			// Sent here: the filters before this one add their headers when it is.
			response.flushBuffer();
			AsyncContext async = request.startAsync();
			async.setTimeout(0);
			note(known, Map.of("state", "began"));
			async.start(this.errors.guard("tail", () -> serve(tail, known, async, request, response)));
			started = true;
		}
		finally {
			if (!started) {
				this.tails.close(tail);
			}
		}
	}

	/** On a virtual thread of its own. */
	private void serve(Tail tail, Map<String, Object> known, AsyncContext async, HttpServletRequest request,
			HttpServletResponse response) {
		long beganAt = this.ticker.nanoTime();
		Map<String, Object> outcome = new LinkedHashMap<>();
		outcome.put("state", "ended");
		outcome.put("reason", TailEnd.CALLER.wireName());
		boolean broken = false;
		try {
			TailLife life = new TailLife(this.ticker, MAX_TIME, () -> this.callers.holds(request, Scope.ADMIN));
			TailWriter writer = new TailWriter(new PacedOutput(response.getOutputStream(), life, this.ticker),
					this.json);
			try {
				writer.begin(tail.user(), this.clock.millis() + MAX_TIME.toMillis());
				outcome.put("reason", life.serve(tail, writer).wireName());
			}
			finally {
				outcome.put("durationMs", Duration.ofNanos(this.ticker.nanoTime() - beganAt).toMillis());
				outcome.put("blocks", writer.blocks());
				outcome.put("dropped", writer.dropped());
			}
		}
		catch (TailOverException ex) {
			outcome.put("reason", ex.reason().wireName());
			log.debug("tail=ended within=item reason={}", ex.reason().wireName());
		}
		catch (IOException ex) {
			broken = true;
			log.debug("tail=ended reason=\"{}\"", ex.getMessage());
		}
		finally {
			this.tails.close(tail);
			note(known, outcome);
			if (!broken) {
				async.complete();
			}
			// Otherwise Tomcat does, and lets nothing else.
		}
	}

	private static void begin(HttpServletResponse response) {
		response.setContentType("text/event-stream;charset=UTF-8");
		response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
		// nginx would keep it back otherwise.
		response.setHeader("X-Accel-Buffering", "no");
	}

	private void note(Map<String, Object> known, Map<String, Object> more) {
		Map<String, Object> values = new LinkedHashMap<>(known);
		values.putAll(more);
		this.audit.act(values);
	}

}
