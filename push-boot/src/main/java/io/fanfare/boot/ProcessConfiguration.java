package io.fanfare.boot;

import java.time.Clock;

import io.fanfare.boot.tracing.TracingConfiguration;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.LoggedErrors;
import io.fanfare.protocol.guard.ThreadScheduler;
import io.fanfare.protocol.guard.Ticker;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/**
 * What a process has one of: its clocks, its scheduler, its spans, and the end of errors.
 */
@Configuration(proxyBeanMethods = false)
@Import(TracingConfiguration.class)
public class ProcessConfiguration {

	/** The time of day. */
	@Bean
	Clock clock() {
		return Clock.systemUTC();
	}

	/** The monotonic clock. */
	@Bean
	Ticker ticker() {
		return Ticker.system();
	}

	/** Runs whatever the process does at times. */
	@Bean
	ThreadScheduler scheduler(Ticker ticker, Errors errors) {
		return new ThreadScheduler(ticker, errors);
	}

	/** The end of every error that no caller handles, also of threads. */
	@Bean
	Errors errors(MeterRegistry registry, Ticker ticker) {
		Errors errors = new Errors(ticker,
				(where) -> Counter.builder("fanfare.errors")
					.description("Errors of the process itself that ended only what they concerned, by place")
					.tag("where", where)
					.register(registry)
					.increment(),
				Errors::halt);
		Thread.setDefaultUncaughtExceptionHandler((thread, error) -> errors.note("thread", error));
		return errors;
	}

	/** The end of what libraries catch and log. */
	@Bean
	LoggedErrors loggedErrors() {
		return LoggedErrors.watch(Errors::halt);
	}

}
