package io.fanfare.api.openapi;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

import io.fanfare.api.json.RequestRules;
import io.fanfare.api.problem.Problem;
import io.swagger.v3.core.converter.ModelConverters;
import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.oas.models.Paths;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.info.License;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.security.SecurityScheme;
import io.swagger.v3.oas.models.tags.Tag;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springdoc.core.customizers.ServerBaseUrlCustomizer;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Describes the API at {@code /v3/api-docs}. Answers are described by the types that are
 * answered, requests by the rules by which they are read.
 */
@Configuration(proxyBeanMethods = false)
class OpenApiConfiguration {

	static final String BEARER = "bearer";

	/** The order in which pages and clients show them. */
	private static final List<String> TAGS = List.of("Messages", "Users", "Revocations", "Channels", "Tokens",
			"Cluster");

	private static final String DESCRIPTION = "Publish messages to clients that hold an event stream, and look at the"
			+ " cluster. Everything that is no success is application/problem+json (RFC 9457). In bodies null, an empty"
			+ " string and an empty list count as absent wherever a field is optional.";

	@Bean
	OpenAPI openApi() {
		return new OpenAPI()
			.info(new Info().title("Fanfare")
				.version("v1")
				.description(DESCRIPTION)
				.license(new License().name("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0")))
			.tags(TAGS.stream().map((name) -> new Tag().name(name)).toList())
			.components(new Components().addSecuritySchemes(BEARER,
					new SecurityScheme().type(SecurityScheme.Type.HTTP)
						.scheme("bearer")
						.description("An API key, or a JWT with aud fanfare:api and its scopes in scope")));
	}

	@Bean
	OpenApiCustomizer requestSchemas(List<RequestRules> requests) {
		Map<String, Schema<?>> schemas = RuleSchemas
			.of(requests.stream().flatMap((one) -> one.rules().stream()).toList());
		return (document) -> {
			schemas.forEach(document.getComponents()::addSchemas);
			ModelConverters.getInstance(true)
				.read(Problem.class)
				.forEach((name, schema) -> document.getComponents().getSchemas().putIfAbsent(name, schema));
		};
	}

	/** By their tags, and within a tag shorter paths first. */
	@Bean
	OpenApiCustomizer pathsInOrder() {
		return (document) -> {
			Paths ordered = new Paths();
			document.getPaths()
				.entrySet()
				.stream()
				.sorted(Comparator
					.comparingInt((Map.Entry<String, PathItem> path) -> TAGS
						.indexOf(path.getValue().readOperations().getFirst().getTags().getFirst()))
					.thenComparing((path) -> path.getKey().length())
					.thenComparing(Map.Entry::getKey))
				.forEach((path) -> ordered.addPathItem(path.getKey(), path.getValue()));
			document.setPaths(ordered);
		};
	}

	/**
	 * The address by which the document was asked for, behind a proxy that ends TLS too.
	 */
	@Bean
	ServerBaseUrlCustomizer serverAddress() {
		return (url, request) -> {
			String scheme = request.getHeaders().getFirst("X-Forwarded-Proto");
			return "https".equalsIgnoreCase(scheme) ? url.replaceFirst("^http:", "https:") : url;
		};
	}

}
