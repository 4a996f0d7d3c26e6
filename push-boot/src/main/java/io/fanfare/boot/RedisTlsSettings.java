package io.fanfare.boot;

import java.io.File;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;

import io.fanfare.protocol.settings.InvalidSettingException;
import io.lettuce.core.SslOptions;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/**
 * How the links to Redis are encrypted, where its URL begins with {@code rediss://}. The
 * files are PEM and are read for each connection, so new ones need no restart. The name
 * or address of Redis must be in its certificate.
 *
 * @param ca file with the certificates of the authorities that may sign that of Redis, in
 * place of those of the JVM
 * @param certificate file with the certificate that the process shows to Redis, and those
 * between it and its authority
 * @param key file with the private key of that certificate, as PKCS #8 without a
 * passphrase
 */
@Validated
@ConfigurationProperties("fanfare.redis.tls")
public record RedisTlsSettings(@Nullable File ca, @Nullable File certificate, @Nullable File key) {

	private static final String PREFIX = "fanfare.redis.tls.";

	/**
	 * Checks that the files can be read, and that they hold what they should.
	 * @throws InvalidSettingException if one does not; nothing of it is repeated
	 */
	public RedisTlsSettings {
		ca = readable("ca", ca);
		certificate = readable("certificate", certificate);
		key = readable("key", key);
		InvalidSettingException.require(certificate == null || key != null, PREFIX + "key",
				"must be set beside fanfare.redis.tls.certificate");
		InvalidSettingException.require(key == null || certificate != null, PREFIX + "certificate",
				"must be set beside fanfare.redis.tls.key");
		if (ca != null) {
			build("ca", trusting(SslOptions.builder(), ca).build());
		}
		if (certificate != null && key != null) {
			build("key", showing(SslOptions.builder(), certificate, key).build());
		}
	}

	/** Whether anything is set. */
	boolean isSet() {
		return this.ca != null || this.certificate != null;
	}

	/**
	 * The options of Lettuce.
	 * @param handshakeTimeout how long a handshake may take
	 */
	SslOptions options(Duration handshakeTimeout) {
		SslOptions.Builder options = SslOptions.builder().jdkSslProvider().handshakeTimeout(handshakeTimeout);
		if (this.ca != null) {
			trusting(options, this.ca);
		}
		if (this.certificate != null && this.key != null) {
			showing(options, this.certificate, this.key);
		}
		return options.build();
	}

	private static SslOptions.Builder trusting(SslOptions.Builder options, File ca) {
		return options.trustManager(ca);
	}

	private static SslOptions.Builder showing(SslOptions.Builder options, File certificate, File key) {
		return options.keyManager(certificate, key, new char[0]);
	}

	/** One that is empty counts as not set. */
	private static @Nullable File readable(String name, @Nullable File file) {
		if (file == null || file.getPath().isBlank()) {
			return null;
		}
		InvalidSettingException.require(file.canRead() && !file.isDirectory(), PREFIX + name,
				"must name a file that the process can read");
		return file;
	}

	private static void build(String name, SslOptions options) {
		try {
			options.createSslContextBuilder().build();
		}
		catch (IOException | GeneralSecurityException | IllegalArgumentException ex) {
			throw new InvalidSettingException(PREFIX + name,
					name.equals("ca") ? "must name a file of certificates in PEM"
							: "must name a file with a private key in PEM, as PKCS #8 without a passphrase, beside its"
									+ " certificate in PEM");
		}
	}

}
