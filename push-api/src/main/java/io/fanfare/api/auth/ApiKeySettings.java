package io.fanfare.api.auth;

import java.util.List;

import io.fanfare.protocol.Tier;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.api}: who may call.
 *
 * @param keys the API keys. None by default: calls are possible by token only then
 */
@Validated
@ConfigurationProperties("fanfare.api")
record ApiKeySettings(@DefaultValue List<Key> keys) {

	/**
	 * An API key, as it is set. What is wrong with it is found by {@link ApiKeys}, which
	 * knows its number.
	 *
	 * @param name the name of the caller
	 * @param secret the secret, or {@code sha256$} and its digest
	 * @param sha256 the digest of the secret, in its place
	 * @param scopes the scopes
	 * @param maxTier the highest tier of stream tokens that it makes, or null for any
	 * @param channels the topics of these tokens, or null for any
	 */
	record Key(@Nullable String name, @Nullable String secret, @Nullable String sha256,
			@DefaultValue List<String> scopes, @Nullable Tier maxTier, @Nullable List<String> channels) {

		private static final Key NONE = new Key(null, null, null, List.of(), null, null);

		/**
		 * Reads the short form, {@code name:secret:scope+scope}; Boot finds this method
		 * by its name. Only the scopes may hold colons.
		 * @param text the short form
		 * @return the key, which lacks what the text lacks
		 */
		public static Key valueOf(String text) {
			if (text.isBlank()) {
				return NONE;
			}
			String[] parts = text.strip().split(":", 3);
			return new Key(parts[0], (parts.length > 1) ? parts[1] : null, null,
					(parts.length > 2) ? List.of(parts[2].split("\\+", -1)) : List.of(), null, null);
		}

		/** What stands between two commas, or behind the last. */
		boolean isAbsent() {
			return equals(NONE);
		}

		@Override
		public String toString() {
			return "Key[]";
		}

	}

	@Override
	public String toString() {
		return "ApiKeySettings[" + this.keys.size() + " keys]";
	}

}
