package io.fanfare.node.stream;

import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * The kinds of refusals in the audit log and its metric: a small closed set. What is
 * wrong with a token is taken from the words of the refusal, which are the node's own.
 */
final class RefusalReason {

	/** Words of refusals; no refusal has two of them. */
	private static final Map<String, String> TOKENS = Map.ofEntries(Map.entry("expired", "token-expired"),
			Map.entry("signature", "token-signature"), Map.entry("malformed", "token-malformed"),
			Map.entry(" aud ", "token-audience"), Map.entry(" iss ", "token-issuer"), Map.entry(" typ ", "token-type"),
			Map.entry("revoked", "token-revoked"), Map.entry("icket", "ticket"));

	/** Claims that say when a token is valid. */
	private static final String[] TIMES = { "not valid yet", "too long", "no exp", "no iat" };

	private RefusalReason() {
	}

	/** The kind of a refusal; null where the client may not be at fault. */
	static @Nullable String of(Problem problem) {
		return switch (problem.type()) {
			case INVALID_TOKEN -> "Bearer".equals(problem.headers().get("WWW-Authenticate")) ? "credential-missing"
					: ofToken(problem.detail());
			case INSUFFICIENT_SCOPE -> "scope";
			case QUOTA_EXCEEDED -> "quota";
			default -> (problem.status() == 403) ? problem.type().wireName() : null;
		};
	}

	private static String ofToken(String detail) {
		for (Map.Entry<String, String> kind : TOKENS.entrySet()) {
			if ((detail + " ").contains(kind.getKey())) {
				return kind.getValue();
			}
		}
		for (String times : TIMES) {
			if (detail.contains(times)) {
				return "token-times";
			}
		}
		return "token-claims";
	}

}
