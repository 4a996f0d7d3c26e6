package io.fanfare.api;

import io.fanfare.api.problem.ProblemReportValve;
import io.fanfare.boot.ProcessConfiguration;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.http.BoundedHttp11Protocol;
import io.micrometer.core.instrument.MeterRegistry;
import org.apache.catalina.core.StandardHost;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.tomcat.util.buf.EncodedSolidusHandling;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** The web server. */
@Configuration(proxyBeanMethods = false)
@Import(ProcessConfiguration.class)
class WebConfiguration {

	/**
	 * What a connection takes of the heap while its request arrives, as measured: 94 KiB
	 * with a part of its head, 170 KiB with a part of its body.
	 */
	private static final long CONNECTION_BYTES = 176 * 1024;

	private static final Logger log = LoggerFactory.getLogger(WebConfiguration.class);

	/**
	 * Leaves {@code %2F} and {@code %5C} in paths as they are, for user ids may hold
	 * slashes; Spring MVC decodes each segment by itself. And what Tomcat answers by
	 * itself is a problem document too. Idle connections are kept as long as is set, and
	 * requests have a time to arrive.
	 */
	@Bean
	WebServerFactoryCustomizer<TomcatServletWebServerFactory> pathsAndErrors(ServerSettings settings, Errors errors,
			MeterRegistry registry) {
		return (factory) -> {
			factory.setProtocol(BoundedHttp11Protocol.class.getName());
			factory.addConnectorCustomizers((connector) -> {
				// No body is a form: to read it as one would hold it beside the budget of
				// bodies
				connector.setParseBodyMethods("");
				connector.setEncodedSolidusHandling(EncodedSolidusHandling.PASS_THROUGH.getValue());
				connector.setEncodedReverseSolidusHandling(EncodedSolidusHandling.PASS_THROUGH.getValue());
				if (connector.getProtocolHandler() instanceof AbstractHttp11Protocol<?> http) {
					http.setKeepAliveTimeout((int) settings.idleTimeout().toMillis());
					limit(http);
				}
				if (connector.getProtocolHandler() instanceof BoundedHttp11Protocol bounded) {
					bounded.setErrors(errors);
					ConnectionMeters.bindApi(bounded, registry);
				}
			});
			factory.addContextCustomizers((context) -> {
				if (context.getParent() instanceof StandardHost host) {
					host.setErrorReportValveClass(ProblemReportValve.class.getName());
				}
			});
		};
	}

	/** All connections take a quarter of the heap at most. */
	private static void limit(AbstractHttp11Protocol<?> http) {
		int most = Math.clamp(Runtime.getRuntime().maxMemory() / 4 / CONNECTION_BYTES, 1, Integer.MAX_VALUE);
		if (most < http.getMaxConnections()) {
			log.info("connections=limited max={} reason=\"heap\" wanted={}", most, http.getMaxConnections());
			http.setMaxConnections(most);
		}
	}

}
