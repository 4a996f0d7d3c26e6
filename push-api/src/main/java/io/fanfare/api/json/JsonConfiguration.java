package io.fanfare.api.json;

import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.http.converter.autoconfigure.ServerHttpMessageConvertersCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

/** How answers are written. */
@Configuration(proxyBeanMethods = false)
class JsonConfiguration {

	/** In the place of Boot's, and so after it. */
	@Bean
	@Order
	ServerHttpMessageConvertersCustomizer sizedJson(JsonMapper mapper) {
		return (converters) -> converters.withJsonConverter(new SizedJsonConverter(mapper));
	}

}
