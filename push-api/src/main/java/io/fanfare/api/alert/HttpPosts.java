package io.fanfare.api.alert;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Posts JSON to an address that is configured and to no other, so no redirect is
 * followed. Waits 10 s from the connection attempt to the last byte that it reads, and
 * reads 64 KiB at most. What it says of a failure has no address in it.
 */
final class HttpPosts implements AutoCloseable {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private static final int MAX_BYTES = 65_536;

	private static final int CLIENT_ERROR = 400;

	private static final int SERVER_ERROR = 500;

	private final HttpClient client = HttpClient.newBuilder()
		.followRedirects(HttpClient.Redirect.NEVER)
		.connectTimeout(TIMEOUT)
		.build();

	/**
	 * Posts. The status decides: the body of the answer is not read.
	 * @param address the address
	 * @param headers headers besides those of the body
	 * @param body JSON
	 * @throws AlertNotSentException if there was no status of 2xx in time
	 */
	void post(URI address, Map<String, String> headers, byte[] body) throws AlertNotSentException {
		InputStream answer = send(address, headers, body, HttpResponse.BodyHandlers.ofInputStream());
		try {
			// Ends the connection, where there is more
			answer.close();
		}
		catch (IOException ex) {
			// The message was taken
		}
	}

	/**
	 * Posts, and reads the answer.
	 * @param address the address
	 * @param body JSON
	 * @return the body of the answer, which has a status of 2xx
	 * @throws AlertNotSentException if there was no such answer in time
	 */
	String ask(URI address, byte[] body) throws AlertNotSentException {
		return send(address, Map.of(), body, HttpResponse.BodyHandlers
			.limiting(HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8), MAX_BYTES));
	}

	private <T> T send(URI address, Map<String, String> headers, byte[] body, HttpResponse.BodyHandler<T> handler)
			throws AlertNotSentException {
		HttpRequest.Builder request = HttpRequest.newBuilder(address)
			.timeout(TIMEOUT)
			.header("Content-Type", "application/json")
			.header("User-Agent", "fanfare")
			.POST(HttpRequest.BodyPublishers.ofByteArray(body));
		headers.forEach(request::header);
		CompletableFuture<HttpResponse<T>> answer = this.client.sendAsync(request.build(), handler);
		try {
			HttpResponse<T> response = answer.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
			int status = response.statusCode();
			if (status / 100 == 2) {
				return response.body();
			}
			if (response.body() instanceof InputStream rest) {
				rest.close();
			}
			throw (status >= CLIENT_ERROR && status < SERVER_ERROR) ? AlertNotSentException.refused("status " + status)
					: AlertNotSentException.failed("status " + status);
		}
		catch (ExecutionException ex) {
			// Not its message, which may show the address
			Throwable cause = Objects.requireNonNullElse(ex.getCause(), ex);
			String reason = cause.getClass().getSimpleName();
			throw (cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException)
					? AlertNotSentException.notReached(reason) : AlertNotSentException.failed(reason);
		}
		catch (IOException ex) {
			throw AlertNotSentException.failed(ex.getClass().getSimpleName());
		}
		catch (TimeoutException ex) {
			throw AlertNotSentException.failed("no answer within " + TIMEOUT.toSeconds() + " s");
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw AlertNotSentException.failed("the process ends");
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
