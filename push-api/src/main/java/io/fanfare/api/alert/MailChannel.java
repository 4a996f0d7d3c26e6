package io.fanfare.api.alert;

import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;

import jakarta.mail.SendFailedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.mail.MailException;
import org.springframework.mail.MailSendException;
import org.springframework.mail.SimpleMailMessage;
import org.springframework.mail.javamail.JavaMailSender;

/** Sends alerts by mail, over the server of {@code spring.mail}. */
final class MailChannel implements AlertChannel {

	private static final Logger log = LoggerFactory.getLogger(MailChannel.class);

	private final JavaMailSender sender;

	private final String from;

	private final List<String> to;

	MailChannel(JavaMailSender sender, String from, List<String> to) {
		this.sender = sender;
		this.from = from;
		this.to = List.copyOf(to);
	}

	@Override
	public String name() {
		return "mail";
	}

	@Override
	public void send(AlertMessage message) throws AlertNotSentException {
		SimpleMailMessage mail = new SimpleMailMessage();
		mail.setFrom(this.from);
		mail.setTo(this.to.toArray(String[]::new));
		mail.setSubject(message.title());
		mail.setText(String.join("\r\n\r\n", message.lines()) + "\r\n");
		try {
			this.sender.send(mail);
		}
		catch (MailSendException ex) {
			int reached = reached(ex);
			if (reached == 0) {
				String reason = reason(ex);
				throw isUnreached(ex) ? AlertNotSentException.notReached(reason) : AlertNotSentException.failed(reason);
			}
			// The others would get it again and again
			log.warn("alerts=sent channel=mail recipients={} of={} reason=\"{}\"", reached, this.to.size(),
					AlertNotSentException.failed(reason(ex)).getMessage());
		}
		catch (MailException ex) {
			throw AlertNotSentException.refused(reason(ex));
		}
	}

	/** How many addresses the server took the mail for. */
	private static int reached(MailSendException failure) {
		return Arrays.stream(failure.getMessageExceptions())
			.filter(SendFailedException.class::isInstance)
			.map((one) -> ((SendFailedException) one).getValidSentAddresses())
			.mapToInt((addresses) -> (addresses != null) ? addresses.length : 0)
			.sum();
	}

	private static boolean isUnreached(MailException failure) {
		Throwable cause = root(failure);
		return cause instanceof ConnectException || cause instanceof UnknownHostException;
	}

	/** What the server said, or why it was not reached. */
	private static String reason(MailException failure) {
		Throwable cause = root(failure);
		return cause.getClass().getSimpleName() + ": " + cause.getMessage();
	}

	private static Throwable root(MailException failure) {
		Throwable cause = failure;
		if (failure instanceof MailSendException sending && sending.getMessageExceptions().length > 0) {
			cause = sending.getMessageExceptions()[0];
		}
		while (cause.getCause() != null) {
			cause = cause.getCause();
		}
		return cause;
	}

}
