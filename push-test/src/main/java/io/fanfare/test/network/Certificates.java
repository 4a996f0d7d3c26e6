package io.fanfare.test.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.RequiredTool;

/**
 * An authority that signs certificates, made when it is needed: the installed
 * {@code openssl} makes them within milliseconds.
 */
public final class Certificates {

	private static final Duration TIME = Duration.ofMinutes(1);

	private final Path directory;

	private final String name;

	/**
	 * Makes an authority.
	 * @param directory where its files are put
	 * @param name how it is called, and its files
	 */
	public Certificates(Path directory, String name) {
		this.directory = directory;
		this.name = name;
		openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
				key(name).toString(), "-out", pem(name).toString(), "-subj", "/CN=" + name, "-days", "2");
	}

	/**
	 * A certificate and its key.
	 *
	 * @param certificate the file of the certificate
	 * @param key the file of the key
	 */
	public record Issued(Path certificate, Path key) {

	}

	/**
	 * The certificate of the authority itself.
	 * @return its file
	 */
	public Path ca() {
		return pem(this.name);
	}

	/**
	 * Issues a certificate that holds for two days.
	 * @param subject whose it is
	 * @param alternative what it is for, such as {@code IP:127.0.0.1}
	 * @return its files
	 */
	public Issued issue(String subject, String alternative) {
		return issue(subject, alternative, 2);
	}

	/**
	 * Issues a certificate that ended yesterday.
	 * @param subject whose it is
	 * @param alternative what it is for, such as {@code IP:127.0.0.1}
	 * @return its files
	 */
	public Issued issueExpired(String subject, String alternative) {
		return issue(subject, alternative, -1);
	}

	private Issued issue(String subject, String alternative, int days) {
		Path request = this.directory.resolve(subject + ".csr");
		Path extensions = this.directory.resolve(subject + ".ext");
		try {
			Files.writeString(extensions, "basicConstraints=critical,CA:false\nsubjectAltName=" + alternative + "\n");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
				key(subject).toString(), "-out", request.toString(), "-subj", "/CN=" + subject);
		openssl("x509", "-req", "-in", request.toString(), "-CA", ca().toString(), "-CAkey", key(this.name).toString(),
				"-CAcreateserial", "-days", Integer.toString(days), "-extfile", extensions.toString(), "-out",
				pem(subject).toString());
		return new Issued(pem(subject), key(subject));
	}

	private Path pem(String file) {
		return this.directory.resolve(file + ".pem");
	}

	private Path key(String file) {
		return this.directory.resolve(file + ".key");
	}

	private static void openssl(String... words) {
		List<String> command = new ArrayList<>(List.of(RequiredTool.OPENSSL.path().toString()));
		command.addAll(List.of(words));
		ChildProcess.command(command).run(TIME).orThrow();
	}

}
