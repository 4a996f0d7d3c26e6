package io.fanfare.boot;

import io.fanfare.protocol.settings.MaskedLogs;
import io.fanfare.protocol.settings.StartFailure;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringBootExceptionReporter;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.StandardEnvironment;

/**
 * Logs in one line why the process does not start, in place of the block or the stack
 * trace that Boot makes of it. At DEBUG it adds the trace, without messages.
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
		StartFailure.openLogs();
		MaskedLogs.install();
		String line = new StartFailureAnalyzer(
				(this.context != null) ? this.context.getEnvironment() : new StandardEnvironment())
			.line(failure);
		log.error("start=failed {}", line);
		// Before there is a context, no level is set.
		if (this.context != null && log.isDebugEnabled()) {
			log.debug("start=failed {}", StartFailure.trace(failure));
		}
		return true;
	}

}
