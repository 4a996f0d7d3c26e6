package io.fanfare.redis;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;

import javax.net.ssl.SSLException;

import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import org.jspecify.annotations.Nullable;

/** Says what is wrong where a connection by TLS does not come about. */
final class TlsFailure {

	private TlsFailure() {
	}

	/**
	 * Finds out what is wrong.
	 * @param failure why a connection was not made
	 * @return a sentence without a full stop, or null where TLS is not the reason
	 */
	static @Nullable String sentence(Throwable failure) {
		int depth = 0;
		String found = null;
		for (Throwable cause = failure; cause != null && depth < 20; cause = cause.getCause(), depth++) {
			String sentence = of(cause);
			found = (sentence != null) ? sentence : found;
		}
		return found;
	}

	/** The innermost of a chain says most. */
	private static @Nullable String of(Throwable cause) {
		String message = String.valueOf(cause.getMessage());
		return switch (cause) {
			case CertificateExpiredException ex -> "Redis shows a certificate that is not valid at this time";
			case CertificateNotYetValidException ex -> "Redis shows a certificate that is not valid at this time";
			case CertPathBuilderException ex ->
				"Redis shows a certificate that is not trusted: no authority in fanfare.redis.tls.ca signed it";
			case CertificateException ex when message.startsWith("No subject alternative")
					|| message.startsWith("No name matching") ->
				"Redis shows a certificate of another host than its URL names";
			case NotSslRecordException ex ->
				"Redis does not speak TLS on this port, which its URL asks for by rediss://";
			case SslHandshakeTimeoutException ex ->
				"Redis does not speak TLS on this port, which its URL asks for by rediss://, or is slow";
			case SSLException ex when message.contains("Received fatal alert") ->
				"Redis refuses the certificate of this process, or asks for one (fanfare.redis.tls.certificate)";
			default -> null;
		};
	}

}
