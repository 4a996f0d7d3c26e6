package io.fanfare.bench.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Where things are.
 *
 * @param root the project
 * @param work a folder for logs and filled-in configurations
 * @param warms whether systems that can may warm up before they are measured, which takes
 * half a minute and more
 */
public record Site(Path root, Path work, boolean warms) {

	/**
	 * Finds the project, from the folder it is started in upwards.
	 * @param work a folder for logs and filled-in configurations
	 * @return the site
	 */
	public static Site find(Path work) {
		Path root = Path.of("").toAbsolutePath();
		while (root != null && !Files.isDirectory(root.resolve("push-bench/peers"))) {
			root = root.getParent();
		}
		if (root == null) {
			throw new IllegalStateException("Not started inside of the project");
		}
		try {
			return new Site(root, Files.createDirectories(work.toAbsolutePath()), true);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * The same for a run whose figures do not matter.
	 * @return the site
	 */
	public Site cold() {
		return new Site(this.root, this.work, false);
	}

	Path peers() {
		return this.root.resolve("push-bench/peers");
	}

	Path jar(String module) {
		return this.root.resolve(module + "/target/" + module + ".jar");
	}

	/** A file for the output of a process. */
	public Path log(String name) {
		return this.work.resolve(name + ".log");
	}

	@Nullable String missingJar(String module) {
		return Files.exists(jar(module)) ? null : "no " + jar(module) + ": ./mvnw -DskipTests package";
	}

	/** A configuration of the project with its blanks filled in. */
	Path fill(String template, String name, Map<String, Object> values) {
		try {
			String text = Files.readString(peers().resolve(template));
			for (Map.Entry<String, Object> value : values.entrySet()) {
				text = text.replace("@" + value.getKey() + "@", value.getValue().toString());
			}
			return Files.writeString(this.work.resolve(name), text);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
