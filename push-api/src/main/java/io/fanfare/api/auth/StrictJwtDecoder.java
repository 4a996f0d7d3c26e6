package io.fanfare.api.auth;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;

/**
 * Refuses tokens that two readers could read in two ways, which libraries take: base64url
 * with padding, with other characters or with bits left over, text that is not UTF-8,
 * objects with a name twice, and a subject that is a broken number.
 */
final class StrictJwtDecoder implements JwtDecoder {

	private static final int PARTS = 3;

	private static final JsonMapper JSON = JsonMapper.builder()
		.enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build();

	private final JwtDecoder decoder;

	StrictJwtDecoder(JwtDecoder decoder) {
		this.decoder = decoder;
	}

	@Override
	public Jwt decode(String token) {
		String[] parts = token.split("\\.", PARTS + 1);
		if (parts.length != PARTS || !isStrict(parts)) {
			throw new BadJwtException("The token is malformed");
		}
		return this.decoder.decode(token);
	}

	private static boolean isStrict(String[] parts) {
		try {
			bytes(parts[2]);
			return read(parts[0]).isObject() && isStrict(read(parts[1]));
		}
		catch (CharacterCodingException | JacksonException | IllegalArgumentException ex) {
			return false;
		}
	}

	/** The library makes a text of a number of any kind. */
	private static boolean isStrict(JsonNode claims) {
		JsonNode subject = claims.path("sub");
		return claims.isObject() && (!subject.isNumber() || subject.isIntegralNumber());
	}

	private static JsonNode read(String part) throws CharacterCodingException {
		return JSON.readTree(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(part))).toString());
	}

	/** There is one way to write them. */
	private static byte[] bytes(String part) {
		byte[] bytes = Base64.getUrlDecoder().decode(part);
		if (!Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(part)) {
			throw new IllegalArgumentException("Not the base64url of these bytes");
		}
		return bytes;
	}

}
