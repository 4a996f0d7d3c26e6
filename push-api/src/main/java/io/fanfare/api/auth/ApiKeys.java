package io.fanfare.api.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.fanfare.protocol.settings.DevelopmentSecrets;
import io.fanfare.protocol.settings.InvalidSettingException;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/**
 * The API keys. Holds digests, not secrets, and compares with every one of them in
 * constant time, so that the time an answer takes tells nothing about them.
 */
@Component
public final class ApiKeys {

	private static final String PROPERTY = "fanfare.api.keys";

	private static final String DIGEST_PREFIX = "sha256$";

	private static final Pattern DIGEST = Pattern.compile("[0-9a-fA-F]{64}");

	private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}");

	/** What a header can carry behind {@code Bearer}. */
	private static final Pattern SECRET = Pattern.compile("[!-~]{1,1024}");

	private static final int MIN_SECRET_LENGTH = 32;

	private static final String ONLY_IN_DEVELOPMENT = "legal only with fanfare.development=true";

	private static final String SCOPES = Stream.of(Scope.values())
		.flatMap((scope) -> Stream.of(scope.wireName(), scope.limitedName()))
		.filter(Objects::nonNull)
		.collect(Collectors.joining(", "));

	private static final int ISSUED_BYTES = 32;

	private final List<ApiKey> keys = new CopyOnWriteArrayList<>();

	ApiKeys(ApiKeySettings settings, DevelopmentSettings development) {
		int number = 0;
		for (ApiKeySettings.Key key : settings.keys()) {
			if (!key.isAbsent()) {
				number++;
				add(key, number, development.development());
			}
		}
	}

	private record ApiKey(Caller caller, byte[] digest) {

	}

	/** Says which key is wrong by its number: any part of a wrong one may be a secret. */
	private void add(ApiKeySettings.Key key, int number, boolean development) {
		String name = key.name();
		if (name == null || !NAME.matcher(name).matches()) {
			throw wrong(number, "its name needs 1 to 64 letters, digits, '_', '.' and '-'");
		}
		byte[] digest = digest(key, number, development);
		for (ApiKey other : this.keys) {
			if (other.caller().id().equals(name)) {
				throw new InvalidSettingException(PROPERTY, "has a second key of one name, number " + number);
			}
			if (MessageDigest.isEqual(digest, other.digest())) {
				throw new InvalidSettingException(PROPERTY, "has a second key of one secret, number " + number);
			}
		}
		this.keys.add(new ApiKey(new Caller(name, scopes(key, number), ceiling(key, number)), digest));
	}

	private static InvalidSettingException wrong(int number, String reason) {
		return new InvalidSettingException(PROPERTY, "has a wrong key, number " + number + ": " + reason
				+ "; a key is name:secret:scope+scope, or in a file an entry with name, secret or sha256, and scopes");
	}

	private static byte[] digest(ApiKeySettings.Key key, int number, boolean development) {
		String secret = key.secret();
		String hex = key.sha256();
		if ((secret != null) == (hex != null)) {
			throw wrong(number, "it needs a secret or its digest, and not both");
		}
		if (secret != null && secret.startsWith(DIGEST_PREFIX)) {
			hex = secret.substring(DIGEST_PREFIX.length());
		}
		byte[] digest = (hex != null) ? digest(hex, number)
				: sha256(checked(String.valueOf(secret), number, development));
		if (!development
				&& DevelopmentSecrets.all().stream().anyMatch((one) -> MessageDigest.isEqual(digest, sha256(one)))) {
			throw wrong(number, "a secret that everyone knows is " + ONLY_IN_DEVELOPMENT);
		}
		return digest;
	}

	private static byte[] digest(String hex, int number) {
		String digits = hex.startsWith(DIGEST_PREFIX) ? hex.substring(DIGEST_PREFIX.length()) : hex;
		if (!DIGEST.matcher(digits).matches()) {
			throw wrong(number, "a digest has 64 hex digits");
		}
		return HexFormat.of().parseHex(digits);
	}

	private static String checked(String secret, int number, boolean development) {
		if (!SECRET.matcher(secret).matches()) {
			throw wrong(number, "its secret needs 1 to 1024 visible ASCII characters, and a colon only in a file");
		}
		if (!development && !DevelopmentSecrets.isKnown(secret) && secret.length() < MIN_SECRET_LENGTH) {
			throw wrong(number,
					"its secret needs at least " + MIN_SECRET_LENGTH + " characters: fewer are " + ONLY_IN_DEVELOPMENT);
		}
		return secret;
	}

	private static Scopes scopes(ApiKeySettings.Key key, int number) {
		if (key.scopes().isEmpty()) {
			throw wrong(number, "it has no scopes");
		}
		try {
			return Scopes.parse(key.scopes());
		}
		catch (IllegalArgumentException ex) {
			throw wrong(number, "a scope is one of " + SCOPES + "; a secret with a colon stands in a file");
		}
	}

	private static TokenCeiling ceiling(ApiKeySettings.Key key, int number) {
		try {
			return TokenCeiling.of(key.maxTier(), key.channels());
		}
		catch (IllegalArgumentException ex) {
			throw wrong(number, "its channels are topics, prefixes such as orders:*, or *");
		}
	}

	private static byte[] sha256(String text) {
		try {
			return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Makes a key with a random secret. It holds until it is {@linkplain #withdraw
	 * withdrawn}.
	 * @param name its name, which no other key has
	 * @param scope its scope
	 * @return its secret
	 */
	public String issue(String name, Scope scope) {
		byte[] bytes = new byte[ISSUED_BYTES];
		new SecureRandom().nextBytes(bytes);
		String secret = HexFormat.of().formatHex(bytes);
		this.keys.add(new ApiKey(new Caller(name, new Scopes(EnumSet.of(scope), Map.of())), sha256(secret)));
		return secret;
	}

	/** Withdraws the key that was {@linkplain #issue issued} with this name. */
	public void withdraw(String name) {
		this.keys.removeIf((key) -> key.caller().id().equals(name));
	}

	boolean isEmpty() {
		return this.keys.isEmpty();
	}

	/**
	 * Finds who has a secret.
	 * @param secret what a caller sent
	 * @return the caller, or null if there is none
	 */
	@Nullable Caller find(String secret) {
		byte[] digest = sha256(secret);
		Caller found = null;
		for (ApiKey key : this.keys) {
			if (MessageDigest.isEqual(digest, key.digest())) {
				found = key.caller();
			}
		}
		return found;
	}

}
