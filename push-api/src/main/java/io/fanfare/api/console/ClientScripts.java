package io.fanfare.api.console;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.context.annotation.Configuration;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.security.web.header.HeaderWriter;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Serves the library for pages, at {@code /client/}: to pages of any origin, since a
 * module is loaded by CORS, and it holds nothing secret. Caches ask each time whether it
 * has changed. They ask by a hash of the content: entries of the jar have the same time
 * in every version.
 */
@Configuration(proxyBeanMethods = false)
class ClientScripts implements WebMvcConfigurer, HeaderWriter {

	private static final String PATH = "/client/";

	private static final String RESOURCE_POLICY = "Cross-Origin-Resource-Policy";

	private final ContentTags tags = new ContentTags();

	@Override
	public void addResourceHandlers(ResourceHandlerRegistry registry) {
		registry.addResourceHandler(PATH + "**")
			.addResourceLocations("classpath:/META-INF/resources" + PATH)
			.setCacheControl(CacheControl.noCache().cachePublic())
			.setUseLastModified(false)
			.setEtagGenerator(this.tags::of);
	}

	@Override
	public void writeHeaders(HttpServletRequest request, HttpServletResponse response) {
		if (request.getRequestURI().startsWith(PATH)) {
			response.setHeader(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, "*");
			response.setHeader(RESOURCE_POLICY, "cross-origin");
		}
	}

}
