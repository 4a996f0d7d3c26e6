package io.fanfare.api.problem;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;

import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.RedisUnavailableException;
import jakarta.servlet.http.HttpServletRequest;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.web.ErrorResponse;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;
import org.springframework.web.servlet.HandlerMapping;

/**
 * Turns whatever ends a request into a problem document. A caller learns what it can do
 * something about; of a fault it learns that there was one, and the log the rest.
 */
@RestControllerAdvice
class ProblemAdvice {

	private static final Logger log = LoggerFactory.getLogger(ProblemAdvice.class);

	/** Seconds: the link to Redis tries again at least once a second. */
	private static final String RETRY_AFTER = "1";

	@ExceptionHandler
	ResponseEntity<Problem> onProblem(ProblemException ex) {
		return answer(ex.problem(), ex.headers());
	}

	@ExceptionHandler
	ResponseEntity<Problem> onRedis(RedisUnavailableException ex) {
		return answer(
				Problem.redisUnavailable(ex,
						"Whether it was done is unknown: repeat it, with the same idempotency key where it has one"),
				new HttpHeaders());
	}

	@ExceptionHandler
	ResponseEntity<Problem> onRejected(RequestRejectedException ex) {
		return answer(Problem.of(ProblemType.REFUSED, "The request target or a header holds what is never legal"),
				new HttpHeaders());
	}

	@ExceptionHandler
	ResponseEntity<Problem> onUnreadable(HttpMessageNotReadableException ex) {
		return answer(Problem.of(ProblemType.MALFORMED_JSON, "The body is missing or ends early"), new HttpHeaders());
	}

	@ExceptionHandler
	ResponseEntity<Problem> onParameters(InvalidParameterException ex) {
		return answer(Problem.of(ProblemType.INVALID_REQUEST, "The query or the form in the body cannot be decoded"),
				new HttpHeaders());
	}

	/** What {@code OPTIONS} reports is reported here too. */
	@ExceptionHandler
	ResponseEntity<Problem> onMethod(HttpRequestMethodNotSupportedException ex) {
		Set<HttpMethod> allowed = new LinkedHashSet<>(
				Objects.requireNonNullElse(ex.getSupportedHttpMethods(), Set.of()));
		if (allowed.contains(HttpMethod.GET)) {
			allowed.add(HttpMethod.HEAD);
		}
		allowed.add(HttpMethod.OPTIONS);
		HttpHeaders headers = new HttpHeaders();
		headers.setAllow(allowed);
		return answer(Problem.of(ProblemType.METHOD_NOT_ALLOWED, ex.getBody().getDetail()), headers);
	}

	@ExceptionHandler
	@Nullable ResponseEntity<Problem> onFault(Exception ex, HttpServletRequest request) {
		if (ex instanceof ErrorResponse refusal && !refusal.getStatusCode().is5xxServerError()) {
			ProblemType type = Problem.typeOf(refusal.getStatusCode().value());
			return answer(Problem.of(type, detail(type, refusal)).withStatus(refusal.getStatusCode().value()),
					refusal.getHeaders());
		}
		if (ex instanceof AsyncRequestNotUsableException || ex instanceof IOException) {
			// The caller went away: no caller is left to answer
			return null;
		}
		log.error("request=failed id={} method={} pattern={}", RequestId.present(), request.getMethod(),
				request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE), ex);
		return answer(Problem.of(ProblemType.INTERNAL_ERROR, "It is logged here, with the id " + RequestId.present()),
				new HttpHeaders());
	}

	/**
	 * Spring's own words, but where they would repeat the path, which can hold a user's
	 * id.
	 */
	private static @Nullable String detail(ProblemType type, ErrorResponse refusal) {
		return (type == ProblemType.NOT_FOUND) ? null : refusal.getBody().getDetail();
	}

	private static ResponseEntity<Problem> answer(Problem problem, HttpHeaders headers) {
		ResponseEntity.BodyBuilder answer = ResponseEntity.status(problem.status())
			.headers(headers)
			.contentType(MediaType.APPLICATION_PROBLEM_JSON);
		if (problem.status() == HttpStatus.SERVICE_UNAVAILABLE.value()
				&& !headers.containsHeader(HttpHeaders.RETRY_AFTER)) {
			answer.header(HttpHeaders.RETRY_AFTER, RETRY_AFTER);
		}
		if (problem.status() == HttpStatus.FORBIDDEN.value() && !headers.containsHeader(HttpHeaders.WWW_AUTHENTICATE)) {
			answer.header(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"fanfare\", error=\"insufficient_scope\"");
		}
		return answer.body(problem);
	}

}
