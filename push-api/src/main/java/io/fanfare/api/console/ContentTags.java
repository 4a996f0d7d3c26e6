package io.fanfare.api.console;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.springframework.core.io.Resource;

/**
 * Entity tags of files that do not change while the process runs: a hash of the content.
 * Each is read and hashed once, at the first request for it, so that a request costs no
 * more than its answer. Safe for all threads. As many are kept as there are files.
 */
final class ContentTags {

	private final Map<URI, String> tags = new ConcurrentHashMap<>();

	/**
	 * The tag of a file.
	 * @param file the file, which exists
	 * @return the tag in quotes, as {@code ETag} has it
	 */
	String of(Resource file) {
		try {
			URI place = file.getURI();
			String known = this.tags.get(place);
			return (known != null) ? known : remember(place, hash(file.getContentAsByteArray()));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private String remember(URI place, String tag) {
		this.tags.put(place, tag);
		return tag;
	}

	private static String hash(byte[] content) {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
			return '"' + HexFormat.of().formatHex(digest, 0, digest.length / 2) + '"';
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
