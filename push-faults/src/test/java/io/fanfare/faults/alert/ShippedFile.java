package io.fanfare.faults.alert;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.fanfare.faults.deployment.Deployment;

/**
 * A file of {@code ops/} as it is shipped, to be adapted to a test.
 *
 * @param text its text
 */
record ShippedFile(String text) {

	/** Where the files are. */
	static final Path OPS = Deployment.project().resolve("ops");

	static ShippedFile read(String name) {
		try {
			return new ShippedFile(Files.readString(OPS.resolve(name)));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Replaces what must be there.
	 * @param old what to replace, wherever it stands
	 * @param now by what
	 * @return the changed file
	 */
	ShippedFile replace(String old, String now) {
		if (!this.text.contains(old)) {
			throw new IllegalArgumentException("No \"" + old + "\" in:\n" + this.text);
		}
		return new ShippedFile(this.text.replace(old, now));
	}

	Path write(Path file) {
		try {
			return Files.writeString(file, this.text);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
