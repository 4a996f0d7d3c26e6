package io.fanfare.protocol.settings;

import java.util.Locale;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Secrets that everyone can read in the sources or in the documentation. A process takes
 * them only where {@code fanfare.development} is true.
 */
public final class DevelopmentSecrets {

	/** The property that allows them. */
	public static final String PROPERTY = "fanfare.development";

	private static final Set<String> KNOWN = Set.of("dev-secret", "for-development-only-known-to-everybody",
			"only-for-the-local-cluster-never-in-production", "for-the-training-run-and-nothing-else",
			"training-secret");

	/** What Boot reads as true. */
	private static final Set<String> TRUE = Set.of("true", "on", "yes", "1");

	private DevelopmentSecrets() {
	}

	/**
	 * All of them.
	 * @return the secrets
	 */
	public static Set<String> all() {
		return KNOWN;
	}

	/**
	 * Returns whether a secret is one of them.
	 * @param secret the secret
	 * @return whether it is
	 */
	public static boolean isKnown(String secret) {
		return KNOWN.contains(secret);
	}

	/**
	 * Refuses a secret that everyone knows. The secret is not repeated.
	 * @param property the setting that holds it
	 * @param secret the secret
	 * @param development the value of {@code fanfare.development}, or null
	 * @throws InvalidSettingException if it is known, and development is not on
	 */
	public static void check(String property, String secret, @Nullable String development) {
		InvalidSettingException.require(!isKnown(secret) || isOn(development), property,
				"has a secret that everyone knows: make one of your own, or set "
						+ InvalidSettingException.named(PROPERTY) + "=true on a machine for development");
	}

	private static boolean isOn(@Nullable String development) {
		return development != null && TRUE.contains(development.strip().toLowerCase(Locale.ROOT));
	}

}
