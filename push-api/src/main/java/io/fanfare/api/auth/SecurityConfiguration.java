package io.fanfare.api.auth;

import java.time.Clock;

import io.fanfare.boot.jwt.JwtKeys;
import jakarta.servlet.DispatcherType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.oauth2.server.resource.web.authentication.BearerTokenAuthenticationConverter;
import org.springframework.security.oauth2.server.resource.web.authentication.BearerTokenAuthenticationFilter;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.AnonymousAuthenticationFilter;
import org.springframework.security.web.firewall.HttpFirewall;
import org.springframework.security.web.firewall.StrictHttpFirewall;
import org.springframework.security.web.header.HeaderWriter;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Who gets in: everything under {@code /v1} needs a caller, and its scope is looked at by
 * {@link ScopeInterceptor}. Nothing is kept between requests, and there are no cookies,
 * so there is nothing to forge.
 */
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration implements WebMvcConfigurer {

	private static final Logger log = LoggerFactory.getLogger(SecurityConfiguration.class);

	/**
	 * The page at {@code /} connects to nodes on other hosts and ports; all else is its
	 * own.
	 */
	private static final String PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
			+ " connect-src 'self' http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

	/** Swagger UI sets styles from scripts and has its icons in data URLs. */
	private static final String SWAGGER_POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
			+ " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

	@Bean
	SecurityFilterChain securityFilterChain(HttpSecurity http, ApiKeys keys, ApiJwtSettings tokens, JwtKeys tokenKeys,
			Clock clock, Refusals refusals) {
		if (keys.isEmpty() && tokens.jwt().isEmpty()) {
			log.warn("api=closed reason=\"neither fanfare.api.keys (FANFARE_API_KEYS) nor fanfare.api.jwt is set:"
					+ " every call is answered 401\"");
		}
		AuthenticationManager callers = new ProviderManager(new ApiKeyProvider(keys),
				ApiTokens.provider(tokenKeys, tokens.jwt(), clock));
		return http.csrf(AbstractHttpConfigurer::disable)
			.logout(AbstractHttpConfigurer::disable)
			.requestCache(AbstractHttpConfigurer::disable)
			.servletApi(AbstractHttpConfigurer::disable)
			.sessionManagement((sessions) -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
			.headers((headers) -> headers.addHeaderWriter(contentSecurityPolicy()))
			.exceptionHandling((handling) -> handling.authenticationEntryPoint(refusals))
			.authorizeHttpRequests((requests) -> requests.dispatcherTypeMatchers(DispatcherType.ERROR)
				.permitAll()
				.requestMatchers("/v1/**")
				.authenticated()
				.anyRequest()
				.permitAll())
			.addFilterBefore(bearerFilter(callers, refusals), AnonymousAuthenticationFilter.class)
			.build();
	}

	private static BearerTokenAuthenticationFilter bearerFilter(AuthenticationManager callers, Refusals refusals) {
		BearerTokenAuthenticationConverter header = new BearerTokenAuthenticationConverter();
		header.setBearerTokenResolver(new BearerHeader());
		BearerTokenAuthenticationFilter filter = new BearerTokenAuthenticationFilter(callers, header);
		filter.setAuthenticationEntryPoint(refusals);
		filter.setAuthenticationFailureHandler(refusals::commence);
		return filter;
	}

	/** An observation around every filter costs every request, and nothing reads it. */
	@Bean
	SecurityObservationSettings securityObservationSettings() {
		return SecurityObservationSettings.noObservations();
	}

	private static HeaderWriter contentSecurityPolicy() {
		return (request, response) -> {
			boolean swagger = request.getRequestURI().startsWith("/swagger-ui");
			response.setHeader("Content-Security-Policy", swagger ? SWAGGER_POLICY : PAGE_POLICY);
			response.setHeader("Referrer-Policy", "no-referrer");
		};
	}

	/**
	 * Lets user ids stand in a path, percent-encoded: they may hold {@code / ; % \ .}. It
	 * is safe because nothing here decides by the decoded path as a whole: Spring MVC and
	 * the rules above both match segments of the raw one, and decode each by itself.
	 */
	@Bean
	HttpFirewall httpFirewall() {
		StrictHttpFirewall firewall = new PathFirewall();
		firewall.setAllowUrlEncodedSlash(true);
		firewall.setAllowUrlEncodedDoubleSlash(true);
		firewall.setAllowUrlEncodedPercent(true);
		firewall.setAllowUrlEncodedPeriod(true);
		firewall.setAllowBackSlash(true);
		firewall.setAllowSemicolon(true);
		// Answered 405 by Spring MVC, which knows what is allowed
		firewall.setUnsafeAllowAnyHttpMethod(true);
		return firewall;
	}

	@Override
	public void addInterceptors(InterceptorRegistry registry) {
		registry.addInterceptor(new ScopeInterceptor()).addPathPatterns("/v1/**");
	}

}
