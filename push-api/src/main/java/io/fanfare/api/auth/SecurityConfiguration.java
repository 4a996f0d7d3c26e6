package io.fanfare.api.auth;

import java.time.Clock;
import java.time.Duration;
import java.util.List;

import io.fanfare.boot.jwt.JwtKeys;
import jakarta.servlet.DispatcherType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
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

	@Bean
	SecurityFilterChain securityFilterChain(HttpSecurity http, ApiKeys keys, ApiJwtSettings tokens, JwtKeys tokenKeys,
			Clock clock, Refusals refusals, CredentialThrottle throttle, List<HeaderWriter> fields,
			List<CallerObserver> observers) {
		if (keys.isEmpty() && tokens.jwt().isEmpty()) {
			log.warn("api=closed reason=\"neither fanfare.api.keys (FANFARE_API_KEYS) nor fanfare.api.jwt is set:"
					+ " every call is answered 401\"");
		}
		CallerAuthenticator callers = new CallerAuthenticator(keys, ApiTokens.provider(tokenKeys, tokens.jwt(), clock),
				throttle);
		return http.csrf(AbstractHttpConfigurer::disable)
			.logout(AbstractHttpConfigurer::disable)
			.requestCache(AbstractHttpConfigurer::disable)
			.servletApi(AbstractHttpConfigurer::disable)
			.sessionManagement((sessions) -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
			.headers((headers) -> fields.forEach(headers::addHeaderWriter))
			.exceptionHandling((handling) -> handling.authenticationEntryPoint(refusals))
			.authorizeHttpRequests((requests) -> requests.dispatcherTypeMatchers(DispatcherType.ERROR)
				.permitAll()
				.requestMatchers("/v1/**")
				.authenticated()
				.anyRequest()
				.permitAll())
			.addFilterBefore(bearerFilter(callers, throttle, refusals), AnonymousAuthenticationFilter.class)
			.addFilterAfter(new CallerObserverFilter(observers), AnonymousAuthenticationFilter.class)
			.build();
	}

	@Bean
	CallerCheck callerCheck(ApiKeys keys, ApiJwtSettings tokens, JwtKeys tokenKeys, Clock clock) {
		return new CallerCheck(keys, ApiTokens.provider(tokenKeys, tokens.jwt(), clock), clock);
	}

	private static BearerTokenAuthenticationFilter bearerFilter(CallerAuthenticator callers,
			CredentialThrottle throttle, Refusals refusals) {
		BearerTokenAuthenticationConverter header = new BearerTokenAuthenticationConverter();
		header.setBearerTokenResolver(new BearerHeader());
		BearerTokenAuthenticationFilter filter = new BearerTokenAuthenticationFilter(callers, header);
		filter.setAuthenticationEntryPoint((request, response, malformed) -> {
			Duration wait = throttle.refusal(request, null);
			if (wait == null) {
				throttle.refused(request);
			}
			refusals.commence(request, response,
					(wait != null) ? new CallerAuthenticator.ThrottledException(throttle.limit(), wait) : malformed);
		});
		filter.setAuthenticationFailureHandler(refusals::commence);
		return filter;
	}

	/** An observation around every filter costs every request, and nothing reads it. */
	@Bean
	SecurityObservationSettings securityObservationSettings() {
		return SecurityObservationSettings.noObservations();
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
