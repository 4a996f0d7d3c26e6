package io.fanfare.doctor.diagnosis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * What each finding means and what mends it: the file of the browser's doctor, which is
 * JSON behind an {@code export}.
 */
public final class Catalogue {

	private static final String FILE = "fanfare-doctor-findings.js";

	private static final String EXPORT = "export default ";

	private static final Map<String, Entry> ENTRIES = read();

	private Catalogue() {
	}

	/** How much a finding matters. */
	public enum Severity {

		/** Streams suffer. */
		@JsonProperty("problem")
		PROBLEM,

		/** Good to know. */
		@JsonProperty("note")
		NOTE

	}

	/**
	 * One kind of finding.
	 *
	 * @param severity how much it matters
	 * @param title what it is
	 * @param why why it matters
	 * @param nginx lines of configuration that mend it, or null
	 * @param haproxy likewise
	 * @param caddy likewise
	 */
	public record Entry(Severity severity, String title, String why, @Nullable String nginx, @Nullable String haproxy,
			@Nullable String caddy) {

	}

	/**
	 * All of them, in the order in which they are shown.
	 * @return by id
	 */
	public static Map<String, Entry> entries() {
		return ENTRIES;
	}

	private static Map<String, Entry> read() {
		try (InputStream file = Catalogue.class.getResourceAsStream(FILE)) {
			if (file == null) {
				throw new IllegalStateException("No " + FILE + " beside " + Catalogue.class.getName());
			}
			String text = new String(file.readAllBytes(), StandardCharsets.UTF_8).strip();
			if (!text.startsWith(EXPORT) || !text.endsWith(";")) {
				throw new IllegalStateException(FILE + " is not JSON behind an export");
			}
			String json = text.substring(EXPORT.length(), text.length() - 1);
			return JsonMapper.shared().readValue(json, new TypeReference<LinkedHashMap<String, Entry>>() {
			});
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
