package io.fanfare.api.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;

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

	private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}");

	/** What a header can carry behind {@code Bearer}. */
	private static final Pattern SECRET = Pattern.compile("[!-~]{1,1024}");

	private static final int ISSUED_BYTES = 32;

	private final List<ApiKey> keys = new CopyOnWriteArrayList<>();

	ApiKeys(ApiKeySettings settings) {
		for (String text : settings.keys()) {
			if (!text.isBlank()) {
				add(text.strip(), this.keys.size() + 1);
			}
		}
	}

	private record ApiKey(Caller caller, byte[] digest) {

	}

	/** Says which key is wrong by its number: any part of a wrong one may be a secret. */
	private void add(String text, int number) {
		String[] parts = text.split(":", 3);
		if (parts.length < 3 || !NAME.matcher(parts[0]).matches() || !SECRET.matcher(parts[1]).matches()) {
			throw new InvalidSettingException(PROPERTY, "has a wrong key, number " + number
					+ ": a key is name:secret:scope+scope, its name of 1 to 64 letters, digits, '_', '.' and '-',"
					+ " its secret of 1 to 1024 visible ASCII characters");
		}
		String name = parts[0];
		if (this.keys.stream().anyMatch((key) -> key.caller().id().equals(name))) {
			throw new InvalidSettingException(PROPERTY, "has a second key of one name, number " + number);
		}
		try {
			Scopes scopes = Scopes.parse(List.of(parts[2].split("\\+", -1)));
			this.keys.add(new ApiKey(new Caller(name, scopes), digest(parts[1])));
		}
		catch (IllegalArgumentException ex) {
			throw new InvalidSettingException(PROPERTY,
					"has a wrong key, number " + number
							+ ": what follows its second colon must be scopes (publish, publish:<pattern>, read, admin,"
							+ " tokens), joined by +; a secret holds no colon, and behind sha256$ 64 hex digits");
		}
	}

	private static byte[] digest(String secret) {
		if (!secret.startsWith(DIGEST_PREFIX)) {
			return sha256(secret);
		}
		String hex = secret.substring(DIGEST_PREFIX.length());
		if (!hex.matches("[0-9a-fA-F]{64}")) {
			throw new IllegalArgumentException("sha256$ is followed by 64 hex digits");
		}
		return HexFormat.of().parseHex(hex);
	}

	static byte[] sha256(String text) {
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
		this.keys.add(new ApiKey(new Caller(name, new Scopes(EnumSet.of(scope), List.of())), sha256(secret)));
		return secret;
	}

	/** Withdraws the key that was {@linkplain #issue issued} with this name. */
	public void withdraw(String name) {
		this.keys.removeIf((key) -> key.caller().id().equals(name));
	}

	/**
	 * Returns whether a key has this name.
	 * @param name the name
	 * @return whether one has
	 */
	public boolean isNamed(String name) {
		return this.keys.stream().anyMatch((key) -> key.caller().id().equals(name));
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
