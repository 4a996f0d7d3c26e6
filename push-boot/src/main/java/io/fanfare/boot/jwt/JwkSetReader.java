package io.fanfare.boot.jwt;

import java.io.IOException;
import java.net.URL;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetParseException;
import com.nimbusds.jose.jwk.source.JWKSetRetrievalException;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jose.util.ResourceRetriever;
import org.jspecify.annotations.Nullable;

/**
 * Fetches a JWK set and reads each of its keys by itself. Implementations should ignore
 * keys that they do not understand (RFC 7517, section 5); Nimbus ignores those of another
 * type, but reads no set at all with a key on another curve. Belongs to one thread.
 */
final class JwkSetReader implements JWKSetSource<SecurityContext> {

	private final URL address;

	private final ResourceRetriever retriever;

	private int unreadable;

	JwkSetReader(URL address, ResourceRetriever retriever) {
		this.address = address;
		this.retriever = retriever;
	}

	/** How many keys of the last set could not be read. */
	int unreadable() {
		return this.unreadable;
	}

	@Override
	public JWKSet getJWKSet(JWKSetCacheRefreshEvaluator evaluator, long now, @Nullable SecurityContext context)
			throws KeySourceException {
		String content;
		try {
			content = this.retriever.retrieveResource(this.address).getContent();
		}
		catch (IOException ex) {
			throw new JWKSetRetrievalException("The JWK set cannot be fetched", ex);
		}
		try {
			return new JWKSet(read(content));
		}
		catch (ParseException ex) {
			throw new JWKSetParseException("The JWK set cannot be read", ex);
		}
	}

	private List<JWK> read(String content) throws ParseException {
		List<Object> elements = JSONObjectUtils.getJSONArray(JSONObjectUtils.parse(content), "keys");
		if (elements == null) {
			throw new ParseException("No keys", 0);
		}
		List<JWK> keys = new ArrayList<>();
		for (Object element : elements) {
			JWK key = key(element);
			if (key != null) {
				keys.add(key);
			}
		}
		// A set may be emptied, but one of which nothing is understood is none.
		if (keys.isEmpty() && !elements.isEmpty()) {
			throw new ParseException("No key that can be read", 0);
		}
		this.unreadable = elements.size() - keys.size();
		return keys;
	}

	@SuppressWarnings("unchecked")
	private static @Nullable JWK key(@Nullable Object element) {
		try {
			return (element instanceof Map<?, ?> members) ? JWK.parse((Map<String, Object>) members) : null;
		}
		catch (ParseException | RuntimeException ex) {
			// Whatever the library throws: the key is counted as unreadable.
			return null;
		}
	}

	@Override
	public void close() {
		// Holds nothing.
	}

}
