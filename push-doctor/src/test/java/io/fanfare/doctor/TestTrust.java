package io.fanfare.doctor;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Map;

import io.fanfare.test.network.Certificates;

/**
 * An authority of its own, for proxies that end TLS and programs that trust them.
 *
 * @param own the certificate of proxies
 * @param store what programs trust
 */
record TestTrust(Certificates.Issued own, Path store) {

	private static final String PASSWORD = "trusted";

	/** Makes an authority, and a certificate for this machine. */
	static TestTrust make(Path directory) {
		Certificates authority = new Certificates(directory, "authority");
		Certificates.Issued own = authority.issue("proxy", "IP:127.0.0.1");
		Path store = directory.resolve("trusted.p12");
		try (InputStream certificate = Files.newInputStream(authority.ca());
				OutputStream file = Files.newOutputStream(store)) {
			KeyStore trusted = KeyStore.getInstance("PKCS12");
			trusted.load(null, null);
			trusted.setCertificateEntry("authority",
					CertificateFactory.getInstance("X.509").generateCertificate(certificate));
			trusted.store(file, PASSWORD.toCharArray());
			return new TestTrust(own, store);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** What changes in nginx, so that it ends TLS. */
	Map<String, String> nginx(String protocols) {
		return Map.of("listen 127.0.0.1:%1$d;", "listen 127.0.0.1:%1$d " + protocols + "; ssl_certificate "
				+ this.own.certificate() + "; ssl_certificate_key " + this.own.key() + ";");
	}

	/** Options of a JVM that trusts the authority alone. */
	List<String> options() {
		return List.of("-Djavax.net.ssl.trustStore=" + this.store, "-Djavax.net.ssl.trustStorePassword=" + PASSWORD);
	}

}
