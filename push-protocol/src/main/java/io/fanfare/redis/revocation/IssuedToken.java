package io.fanfare.redis.revocation;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

import org.jspecify.annotations.Nullable;

/**
 * What a revocation needs to know of a token.
 *
 * @param hash the SHA-256 of its id ({@code jti}) in hex, "" where it has none
 * @param issued when it was issued ({@code iat}), in seconds since the epoch
 */
public record IssuedToken(String hash, long issued) {

	/** A token without an id that no revocation concerns. */
	public static final IssuedToken LATEST = new IssuedToken("", Long.MAX_VALUE / 1000);

	/**
	 * Makes it of what the token says.
	 * @param id its id, or null where it has none
	 * @param issued when it was issued, in seconds since the epoch
	 * @return what is known of it
	 */
	public static IssuedToken of(@Nullable String id, long issued) {
		return new IssuedToken((id != null) ? hash(id) : "", issued);
	}

	/**
	 * Names a token id by its hash: an id may be long, and may be all that a server of
	 * resources asks for.
	 * @param id the id
	 * @return its SHA-256 in hex
	 */
	public static String hash(String id) {
		try {
			return HexFormat.of()
				.formatHex(MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8)));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
