package io.fanfare.node;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Fails a test in which something was logged with an exception trace, or as an error:
 * what clients send must not do that. Netty's word of a leaked buffer counts too.
 */
final class LogWatch implements BeforeEachCallback, AfterEachCallback {

	private final List<String> alarms = new CopyOnWriteArrayList<>();

	private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
		@Override
		protected void append(ILoggingEvent event) {
			if (isAlarming(event)) {
				LogWatch.this.alarms.add(event + " " + event.getThrowableProxy());
			}
		}
	};

	/**
	 * Redis clients that are shut down with a node of its own while they look for Redis
	 * say so; that is not the client's doing.
	 */
	private static boolean isAlarming(ILoggingEvent event) {
		return (event.getThrowableProxy() != null || event.getLevel().isGreaterOrEqual(Level.ERROR))
				&& !event.getThreadName().startsWith("fanfare-redis-");
	}

	private static Logger root() {
		return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
	}

	@Override
	public void beforeEach(ExtensionContext context) {
		// Starting a node sets logging up anew.
		Cluster.first();
		this.alarms.clear();
		this.appender.setContext(root().getLoggerContext());
		this.appender.start();
		root().addAppender(this.appender);
	}

	@Override
	public void afterEach(ExtensionContext context) {
		root().detachAppender(this.appender);
		assertThat(this.alarms).as("alarms in the log").isEmpty();
	}

}
