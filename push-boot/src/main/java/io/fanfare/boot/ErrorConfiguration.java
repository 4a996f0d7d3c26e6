package io.fanfare.boot;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.LoggedErrors;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Where errors end that no caller handles. */
@Configuration(proxyBeanMethods = false)
public class ErrorConfiguration {

	/** The end of every error that no caller handles, also of threads. */
	@Bean
	Errors errors(MeterRegistry registry) {
		Errors errors = new Errors(System::nanoTime,
				(where) -> registry.counter("fanfare.errors", "where", where).increment(), Errors::halt);
		Thread.setDefaultUncaughtExceptionHandler((thread, error) -> errors.note("thread", error));
		return errors;
	}

	/** The end of what libraries catch and log. */
	@Bean
	LoggedErrors loggedErrors() {
		return LoggedErrors.watch(Errors::halt);
	}

}
