package io.fanfare.api;

import io.fanfare.protocol.http.BoundedHttp11Protocol;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;

/** Bounds how long a request of the control port may take to arrive. */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
class ControlPortConfiguration {

	@Bean
	WebServerFactoryCustomizer<TomcatServletWebServerFactory> boundedRequests() {
		return (factory) -> {
			factory.setProtocol(BoundedHttp11Protocol.class.getName());
			factory.addConnectorCustomizers((connector) -> connector.setProperty("connectionTimeout",
					Long.toString(BoundedHttp11Protocol.HEAD_TIME.toMillis())));
		};
	}

}
