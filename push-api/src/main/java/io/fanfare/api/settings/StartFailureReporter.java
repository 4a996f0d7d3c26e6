package io.fanfare.api.settings;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.SpringBootExceptionReporter;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.StandardEnvironment;

/**
 * Logs in one line why the process does not start, where {@link SettingFailureAnalyzer}
 * knows it, in place of the block that Boot makes of it.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class StartFailureReporter implements SpringBootExceptionReporter {

	private static final Logger log = LoggerFactory.getLogger(StartFailureReporter.class);

	private final @Nullable ConfigurableApplicationContext context;

	StartFailureReporter(@Nullable ConfigurableApplicationContext context) {
		this.context = context;
	}

	@Override
	public boolean reportException(Throwable failure) {
		FailureAnalysis analysis = new SettingFailureAnalyzer(
				(this.context != null) ? this.context.getEnvironment() : new StandardEnvironment())
			.analyze(failure);
		if (analysis == null) {
			return false;
		}
		String action = analysis.getAction();
		log.error("start=failed {}{}", analysis.getDescription(), (action != null) ? ". " + action : "");
		return true;
	}

}
