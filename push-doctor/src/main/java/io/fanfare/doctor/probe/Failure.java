package io.fanfare.doctor.probe;

import java.io.EOFException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertificateException;
import java.util.Locale;
import java.util.Objects;

import javax.net.ssl.SSLException;

import io.fanfare.doctor.observation.StreamEnd;
import org.jspecify.annotations.Nullable;

/** What an exception of the HTTP client says about the way. */
final class Failure {

	private Failure() {
	}

	/** How an answer ended that had begun. */
	static StreamEnd end(Throwable failure) {
		if (cause(failure, EOFException.class) != null) {
			return StreamEnd.EOF;
		}
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			String message = Objects.requireNonNullElse(cause.getMessage(), "").toLowerCase(Locale.ROOT);
			if (message.contains("reset") || message.contains("rst_stream") || message.contains("broken pipe")) {
				return StreamEnd.RESET;
			}
		}
		return StreamEnd.EOF;
	}

	/** Why there was no answer, as the end of a sentence. */
	static String reason(Throwable failure) {
		if (cause(failure, UnresolvedAddressException.class) != null
				|| cause(failure, UnknownHostException.class) != null) {
			return "the name of the host is not known";
		}
		if (cause(failure, HttpConnectTimeoutException.class) != null) {
			return "no connection was made in time";
		}
		if (cause(failure, HttpTimeoutException.class) != null) {
			return "nothing came in time";
		}
		CertificateException certificate = cause(failure, CertificateException.class);
		if (certificate != null) {
			return "the certificate is refused (" + certificate.getMessage() + ")";
		}
		SSLException tls = cause(failure, SSLException.class);
		if (tls != null) {
			return "TLS failed (" + tls.getMessage() + ")";
		}
		if (cause(failure, ConnectException.class) != null) {
			return "the connection is refused";
		}
		return (failure.getMessage() != null) ? failure.getMessage() : failure.getClass().getSimpleName();
	}

	private static <T extends Throwable> @Nullable T cause(Throwable failure, Class<T> type) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (type.isInstance(cause)) {
				return type.cast(cause);
			}
		}
		return null;
	}

}
