package io.fanfare.api.openapi;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.fanfare.api.auth.AnyCaller;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.Problem;
import io.fanfare.protocol.ProblemType;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.examples.Example;
import io.swagger.v3.oas.models.headers.Header;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.media.StringSchema;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import org.springdoc.core.customizers.OperationCustomizer;

import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.method.HandlerMethod;

/** Adds to each operation the problems it answers with and the scope it needs. */
@Component
final class ProblemAnswers implements OperationCustomizer {

	@Override
	public Operation customize(Operation operation, HandlerMethod handler) {
		RequiresScope required = handler.getMethodAnnotation(RequiresScope.class);
		if (required != null || handler.hasMethodAnnotation(AnyCaller.class)) {
			operation.addSecurityItem(new SecurityRequirement().addList(OpenApiConfiguration.BEARER));
			String scope = (required != null)
					? "Needs the scope `" + required.value().wireName() + "`" + others(required) + "."
					: "Needs no scope.";
			operation.setDescription(
					(operation.getDescription() != null) ? operation.getDescription() + " " + scope : scope);
		}
		types(operation, handler).collect(Collectors.groupingBy(ProblemType::status))
			.forEach((status, types) -> operation.getResponses()
				.addApiResponse(Integer.toString(status), answer(status, types)));
		if (operation.getRequestBody() != null) {
			Problem late = Problem.of(ProblemType.REFUSED, "The body did not arrive in time")
				.withStatus(HttpStatus.REQUEST_TIMEOUT.value());
			operation.getResponses()
				.addApiResponse(Integer.toString(late.status()), answer("The body did not arrive in time")
					.content(content(media().addExamples(ProblemType.REFUSED.wireName(), new Example().value(late)))));
		}
		return operation;
	}

	/** What does in place of a scope. */
	private static String others(RequiresScope required) {
		if (required.patterns()) {
			return " or `" + required.value().limitedName() + "`";
		}
		return (required.value() == Scope.DISCONNECT) ? " or `" + Scope.ADMIN.wireName() + "`" : "";
	}

	private static Stream<ProblemType> types(Operation operation, HandlerMethod handler) {
		List<ProblemType> types = new ArrayList<>(List.of(ProblemType.REFUSED, ProblemType.UNAUTHORIZED,
				ProblemType.INSUFFICIENT_SCOPE, ProblemType.NOT_ACCEPTABLE, ProblemType.QUOTA_EXCEEDED,
				ProblemType.INTERNAL_ERROR, ProblemType.KEYS_UNAVAILABLE));
		if (operation.getRequestBody() != null) {
			types.addAll(List.of(ProblemType.MALFORMED_JSON, ProblemType.INVALID_REQUEST, ProblemType.CONTENT_TOO_LARGE,
					ProblemType.UNSUPPORTED_MEDIA_TYPE, ProblemType.OVERLOADED));
		}
		else if (operation.getParameters() != null) {
			types.add(ProblemType.INVALID_REQUEST);
		}
		Answers answers = handler.getMethodAnnotation(Answers.class);
		if (answers != null) {
			types.addAll(List.of(answers.value()));
		}
		return types.stream().distinct();
	}

	private static ApiResponse answer(int status, List<ProblemType> types) {
		MediaType media = media();
		for (ProblemType type : types) {
			media.addExamples(type.wireName(), new Example().value(Problem.of(type, "What happened this time")));
		}
		ApiResponse answer = answer(types.stream().map(ProblemType::title).collect(Collectors.joining("; or: ")))
			.content(content(media));
		switch (status) {
			case 401, 403 -> answer.addHeaderObject("WWW-Authenticate", header("How to authenticate (RFC 6750)"));
			case 429 -> answer.addHeaderObject("Retry-After", header("Seconds to wait"))
				.addHeaderObject("RateLimit", header("What is left (draft-ietf-httpapi-ratelimit-headers-10)"))
				.addHeaderObject("RateLimit-Policy", header("What may be published within how long"));
			case 503 -> answer.addHeaderObject("Retry-After", header("Seconds to wait"));
			default -> {
			}
		}
		return answer;
	}

	private static ApiResponse answer(String description) {
		return new ApiResponse().description(description);
	}

	private static MediaType media() {
		return new MediaType().schema(new Schema<>().$ref("#/components/schemas/Problem"));
	}

	private static Content content(MediaType media) {
		return new Content().addMediaType("application/problem+json", media);
	}

	private static Header header(String description) {
		return new Header().description(description).schema(new StringSchema());
	}

}
