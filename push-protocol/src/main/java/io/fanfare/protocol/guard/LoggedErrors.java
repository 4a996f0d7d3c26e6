package io.fanfare.protocol.guard;

import java.util.function.Consumer;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the process on an error of the virtual machine that a library caught. Netty,
 * Lettuce, Tomcat and Spring go on after any error that a task or a request throws, and
 * log it: the log is the one place that all of them pass.
 */
public final class LoggedErrors extends UnsynchronizedAppenderBase<ILoggingEvent> implements AutoCloseable {

	private final Consumer<Throwable> fatal;

	private LoggedErrors(Consumer<Throwable> fatal) {
		this.fatal = fatal;
	}

	/**
	 * Begins to look at what is logged, where Logback does it.
	 * @param fatal ends the process, as {@link Errors#halt} does
	 * @return what stops it
	 */
	public static LoggedErrors watch(Consumer<Throwable> fatal) {
		LoggedErrors watch = new LoggedErrors(fatal);
		watch.setName("logged-errors");
		if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
			watch.setContext(context);
			watch.start();
			context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(watch);
		}
		return watch;
	}

	@Override
	protected void append(ILoggingEvent event) {
		if (event.getLoggerName().equals(Errors.class.getName())) {
			// What is said of the end itself must not lead to another.
			return;
		}
		if (event.getThrowableProxy() instanceof ThrowableProxy logged && Errors.isFatal(logged.getThrowable())) {
			this.fatal.accept(logged.getThrowable());
		}
	}

	@Override
	public void close() {
		if (getContext() instanceof LoggerContext context) {
			context.getLogger(Logger.ROOT_LOGGER_NAME).detachAppender(this);
		}
		stop();
	}

}
