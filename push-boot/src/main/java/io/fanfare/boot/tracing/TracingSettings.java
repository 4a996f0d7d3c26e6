package io.fanfare.boot.tracing;

import java.net.URI;
import java.net.URISyntaxException;

import io.fanfare.protocol.settings.InvalidSettingException;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.core.env.Environment;
import org.springframework.validation.annotation.Validated;

/**
 * Whether spans are recorded and sent.
 *
 * @param enabled whether they are; where to is Boot's
 * {@code management.opentelemetry.tracing.export.otlp.endpoint}
 */
@Validated
@ConfigurationProperties("fanfare.tracing")
public record TracingSettings(@DefaultValue("false") boolean enabled) {

	/** The setting that turns tracing on. */
	static final String ENABLED = "fanfare.tracing.enabled";

	/** Where spans go, a setting of Boot. */
	static final String ENDPOINT = "management.opentelemetry.tracing.export.otlp.endpoint";

	/**
	 * Looks at where spans go before the exporter does, which would repeat the whole of
	 * it in a stack trace.
	 * @throws InvalidSettingException if it is not said, or no URL of HTTP
	 */
	static void requireEndpoint(Environment environment) {
		String endpoint = environment.getProperty(ENDPOINT, "");
		InvalidSettingException.require(!endpoint.isBlank(), ENDPOINT, "must be set beside " + ENABLED);
		InvalidSettingException.require(isOfHttp(endpoint), ENDPOINT, "must be a URL with http:// or https://");
	}

	private static boolean isOfHttp(String endpoint) {
		try {
			String scheme = new URI(endpoint).getScheme();
			return "http".equals(scheme) || "https".equals(scheme);
		}
		catch (URISyntaxException ex) {
			return false;
		}
	}

}
