package io.fanfare.api.openapi;

import java.io.IOException;
import java.io.InputStream;

import io.fanfare.api.problem.Problem;
import io.swagger.v3.core.converter.ModelConverters;
import io.swagger.v3.core.util.Yaml31;
import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.info.License;
import io.swagger.v3.oas.models.security.SecurityScheme;
import io.swagger.v3.oas.models.servers.Server;
import org.springdoc.core.customizers.OpenApiCustomizer;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;

/**
 * Describes the API at {@code /v3/api-docs}. Answers are described by the types that are
 * answered; requests, which are read field by field, in {@code openapi/requests.yml}.
 */
@Configuration(proxyBeanMethods = false)
class OpenApiConfiguration {

	static final String BEARER = "bearer";

	private static final String DESCRIPTION = "Publish messages to whoever holds an event stream, and look at the"
			+ " cluster. Everything that is no success is application/problem+json (RFC 9457).";

	@Bean
	OpenAPI openApi() {
		return new OpenAPI()
			.info(new Info().title("Fanfare")
				.version("v1")
				.description(DESCRIPTION)
				.license(new License().name("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0")))
			.addServersItem(new Server().url("/"))
			.components(new Components().addSecuritySchemes(BEARER,
					new SecurityScheme().type(SecurityScheme.Type.HTTP)
						.scheme("bearer")
						.description("An API key, or a JWT with aud fanfare:api and its scopes in scope")));
	}

	@Bean
	OpenApiCustomizer requestSchemas() {
		Components requests = read("openapi/requests.yml");
		return (document) -> {
			requests.getSchemas().forEach(document.getComponents()::addSchemas);
			ModelConverters.getInstance(true)
				.read(Problem.class)
				.forEach((name, schema) -> document.getComponents().getSchemas().putIfAbsent(name, schema));
		};
	}

	private static Components read(String path) {
		try (InputStream in = new ClassPathResource(path, OpenApiConfiguration.class.getClassLoader())
			.getInputStream()) {
			return Yaml31.mapper().readValue(in, Components.class);
		}
		catch (IOException ex) {
			throw new IllegalStateException("No readable " + path, ex);
		}
	}

}
