package io.fanfare.api;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.http.BoundedHttp11Protocol;
import io.micrometer.core.instrument.MeterRegistry;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;

/**
 * Bounds what the control port takes: it serves health and metrics, and {@code server.*}
 * is for the port of the API.
 */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
class ControlPortConfiguration {

	/** As of a node: each is a file descriptor. */
	static final int MAX_CONNECTIONS = 32;

	@Bean
	WebServerFactoryCustomizer<TomcatServletWebServerFactory> boundedRequests(Errors errors, MeterRegistry registry) {
		return (factory) -> {
			factory.setProtocol(BoundedHttp11Protocol.class.getName());
			factory.addConnectorCustomizers((connector) -> {
				if (connector.getProtocolHandler() instanceof AbstractHttp11Protocol<?> http) {
					http.setConnectionTimeout((int) BoundedHttp11Protocol.HEAD_TIME.toMillis());
					http.setMaxConnections(MAX_CONNECTIONS);
					http.setAcceptCount(MAX_CONNECTIONS);
				}
				if (connector.getProtocolHandler() instanceof BoundedHttp11Protocol bounded) {
					bounded.setErrors(errors);
					ConnectionMeters.bindControl(bounded, registry);
				}
			});
		};
	}

}
