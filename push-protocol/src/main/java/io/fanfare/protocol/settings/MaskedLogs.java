package io.fanfare.protocol.settings;

import java.nio.charset.StandardCharsets;
import java.util.Iterator;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.EncoderBase;
import ch.qos.logback.core.spi.AppenderAttachable;
import org.slf4j.LoggerFactory;

/**
 * Has every appender of Logback mask {@link Secrets}, whatever its pattern, its format
 * and the configuration it comes from.
 */
public final class MaskedLogs {

	/**
	 * Tomcat's switch for lines that repeat what a client sent: the first of each kind is
	 * logged otherwise, with whole headers.
	 */
	private static final String TOMCAT = "org.apache.juli.logging.UserDataHelper.CONFIG";

	private MaskedLogs() {
	}

	/** Masks what is written from now on. Done again, it changes nothing. */
	public static void install() {
		System.setProperty(TOMCAT, "NONE");
		if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
			for (Logger logger : context.getLoggerList()) {
				mask(logger);
			}
		}
	}

	private static void mask(AppenderAttachable<ILoggingEvent> attachable) {
		for (Iterator<Appender<ILoggingEvent>> each = attachable.iteratorForAppenders(); each.hasNext();) {
			Appender<ILoggingEvent> appender = each.next();
			if (appender instanceof OutputStreamAppender<ILoggingEvent> writing && writing.getEncoder() != null
					&& !(writing.getEncoder() instanceof Masking)) {
				writing.setEncoder(new Masking(writing.getEncoder()));
			}
			else if (appender instanceof AppenderAttachable<?>) {
				@SuppressWarnings("unchecked")
				AppenderAttachable<ILoggingEvent> nested = (AppenderAttachable<ILoggingEvent>) appender;
				mask(nested);
			}
		}
	}

	/** Masks what another encoder makes. */
	private static final class Masking extends EncoderBase<ILoggingEvent> {

		private final Encoder<ILoggingEvent> encoder;

		private Masking(Encoder<ILoggingEvent> encoder) {
			this.encoder = encoder;
			setContext(encoder.getContext());
			start();
		}

		@Override
		public byte[] headerBytes() {
			return this.encoder.headerBytes();
		}

		@Override
		public byte[] encode(ILoggingEvent event) {
			byte[] bytes = this.encoder.encode(event);
			String text = new String(bytes, StandardCharsets.UTF_8);
			String masked = Secrets.mask(text);
			return masked.equals(text) ? bytes : masked.getBytes(StandardCharsets.UTF_8);
		}

		@Override
		public byte[] footerBytes() {
			return this.encoder.footerBytes();
		}

		@Override
		public void stop() {
			this.encoder.stop();
			super.stop();
		}

	}

}
