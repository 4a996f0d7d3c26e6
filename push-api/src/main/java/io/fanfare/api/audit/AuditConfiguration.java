package io.fanfare.api.audit;

import io.fanfare.api.auth.ClientAddress;
import io.fanfare.boot.RefusalCounter;
import io.fanfare.protocol.audit.AuditLog;
import io.fanfare.protocol.guard.Ticker;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** The audit log. */
@Configuration(proxyBeanMethods = false)
class AuditConfiguration {

	@Bean
	AuditLog auditLog(MeterRegistry meters, Ticker ticker) {
		return new AuditLog(ticker, new RefusalCounter(meters));
	}

	@Bean
	WebMvcConfigurer auditInterceptor(AuditLog audit, ClientAddress addresses) {
		return new WebMvcConfigurer() {
			@Override
			public void addInterceptors(InterceptorRegistry registry) {
				registry.addInterceptor(new AuditInterceptor(audit, addresses))
					.addPathPatterns("/v1/**")
					.order(Ordered.HIGHEST_PRECEDENCE);
			}
		};
	}

	/** In front of all others, for what those log. */
	@Bean
	FilterRegistrationBean<RequestIdFilter> requestIdFilter() {
		FilterRegistrationBean<RequestIdFilter> filter = new FilterRegistrationBean<>(new RequestIdFilter());
		filter.setOrder(Ordered.HIGHEST_PRECEDENCE);
		return filter;
	}

	/** In front of all that answer, so that it sees what each of them answers. */
	@Bean
	FilterRegistrationBean<RefusalFilter> refusalFilter(AuditLog audit, ClientAddress addresses) {
		FilterRegistrationBean<RefusalFilter> filter = new FilterRegistrationBean<>(
				new RefusalFilter(audit, addresses));
		filter.setOrder(Ordered.HIGHEST_PRECEDENCE + 1);
		return filter;
	}

}
