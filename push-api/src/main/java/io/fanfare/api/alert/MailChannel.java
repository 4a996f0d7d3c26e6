package io.fanfare.api.alert;

import java.util.List;

import org.springframework.mail.MailException;
import org.springframework.mail.MailSendException;
import org.springframework.mail.SimpleMailMessage;
import org.springframework.mail.javamail.JavaMailSender;

/** Sends alerts by mail, over the server of {@code spring.mail}. */
final class MailChannel implements AlertChannel {

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
			throw AlertNotSentException.failed(reason(ex));
		}
		catch (MailException ex) {
			throw AlertNotSentException.refused(reason(ex));
		}
	}

	/** What the server said, or why it was not reached. */
	private static String reason(MailException failure) {
		Throwable cause = failure;
		if (failure instanceof MailSendException sending && sending.getMessageExceptions().length > 0) {
			cause = sending.getMessageExceptions()[0];
		}
		while (cause.getCause() != null) {
			cause = cause.getCause();
		}
		return cause.getClass().getSimpleName() + ": " + cause.getMessage();
	}

}
