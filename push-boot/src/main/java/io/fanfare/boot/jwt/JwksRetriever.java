package io.fanfare.boot.jwt;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URL;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import com.nimbusds.jose.util.Resource;
import com.nimbusds.jose.util.ResourceRetriever;
import io.fanfare.protocol.settings.InvalidSettingException;

/**
 * Fetches a JWK set: from the address that is configured and no other, so no redirect is
 * followed; at most 64 KiB; within 2 s from the connection attempt to the last byte.
 * Blocks for as long.
 */
final class JwksRetriever implements ResourceRetriever, AutoCloseable {

	private static final int MAX_BYTES = 65_536;

	private static final Duration TIMEOUT = Duration.ofSeconds(2);

	private static final int OK = 200;

	private static final List<String> LOOPBACK = List.of("localhost", "127.0.0.1", "[::1]");

	private final HttpClient client = HttpClient.newBuilder()
		.followRedirects(HttpClient.Redirect.NEVER)
		.connectTimeout(TIMEOUT)
		.build();

	/**
	 * Looks at an address.
	 * @param property the setting that holds it
	 * @param text the address
	 * @throws InvalidSettingException if nothing can be fetched there, or what is fetched
	 * could be another's
	 */
	static void check(String property, String text) {
		try {
			URI uri = new URI(text);
			String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
			InvalidSettingException.require(
					uri.getHost() != null && uri.getRawUserInfo() == null && uri.getRawFragment() == null
							&& (scheme.equals("https") || scheme.equals("http") && isLoopback(uri.getHost())),
					property,
					"must be a URL with https, or with http and a loopback address, without user and fragment");
		}
		catch (java.net.URISyntaxException ex) {
			throw new InvalidSettingException(property, "is no URL");
		}
	}

	private static boolean isLoopback(String host) {
		if (host.equalsIgnoreCase("localhost")) {
			return true;
		}
		try {
			String plain = host.replaceAll("[\\[\\]]", "");
			return (plain.indexOf(':') >= 0 || plain.matches("[0-9.]{7,15}"))
					&& InetAddress.getByName(plain).isLoopbackAddress();
		}
		catch (UnknownHostException ex) {
			return false;
		}
	}

	/**
	 * What an address names, however it is written (RFC 3986, section 6.2).
	 * @param address an address that was checked
	 * @return equal for two addresses of the same
	 */
	static Object resource(URI address) {
		URI normal = address.normalize();
		String scheme = normal.getScheme().toLowerCase(Locale.ROOT);
		String host = normal.getHost().toLowerCase(Locale.ROOT).replaceFirst("\\.$", "");
		int standard = scheme.equals("https") ? 443 : 80;
		int port = (normal.getPort() >= 0) ? normal.getPort() : standard;
		String path = normal.getPath().isEmpty() ? "/" : normal.getPath();
		return List.of(scheme, LOOPBACK.contains(host) ? LOOPBACK.getFirst() : host, port, path,
				(normal.getQuery() != null) ? normal.getQuery() : "");
	}

	@Override
	public Resource retrieveResource(URL url) throws IOException {
		HttpRequest request = HttpRequest.newBuilder(URI.create(url.toString()))
			.timeout(TIMEOUT)
			.header("Accept", "application/jwk-set+json, application/json")
			.build();
		CompletableFuture<HttpResponse<String>> answer = this.client.sendAsync(request, HttpResponse.BodyHandlers
			.limiting(HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8), MAX_BYTES));
		try {
			HttpResponse<String> response = answer.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
			if (response.statusCode() != OK) {
				throw new IOException("status " + response.statusCode());
			}
			return new Resource(response.body(), response.headers().firstValue("Content-Type").orElse(null));
		}
		catch (ExecutionException ex) {
			throw new IOException(ex.getCause());
		}
		catch (TimeoutException ex) {
			throw new IOException("no answer within " + TIMEOUT.toSeconds() + " s");
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IOException("interrupted");
		}
		finally {
			answer.cancel(true);
		}
	}

	@Override
	public void close() {
		this.client.shutdownNow();
	}

}
