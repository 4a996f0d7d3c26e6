package io.fanfare.faults.traffic;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.faults.deployment.Deployment;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.sse.SseRequest;
import org.jspecify.annotations.Nullable;

/**
 * Clients of a scenario that try again after every end of their stream, of users whom the
 * crowd does not know. Used by one thread.
 */
public final class Libraries implements AutoCloseable {

	private final String scenario;

	private final ApiClient api;

	private final Deployment deployment;

	private final Map<String, String> tokens = new HashMap<>();

	private final List<Library> all = new ArrayList<>();

	/**
	 * Has none yet.
	 * @param scenario marks their users
	 * @param api makes their tokens
	 * @param deployment where they connect
	 */
	public Libraries(String scenario, ApiClient api, Deployment deployment) {
		this.scenario = scenario;
		this.api = api;
		this.deployment = deployment;
	}

	/**
	 * Opens a client.
	 * @param user the user, unique within the scenario
	 * @param client its client id
	 * @param page its page id; null for none
	 * @param retry how long it waits
	 * @param obeys whether it stops when it is notified to
	 * @return the client
	 */
	public Library open(String user, String client, @Nullable String page, Duration retry, boolean obeys) {
		String name = this.scenario + "-" + user;
		String token = this.tokens.computeIfAbsent(name, this.api::token);
		Library library = new Library(name + "-" + client, (tries) -> {
			SseRequest request = this.deployment.nginx().stream(token).query("client", client);
			return (page != null) ? request.query("page", page) : request;
		}, retry, obeys);
		this.all.add(library);
		return library;
	}

	/**
	 * As if a client that was displaced had tried for longer, and not tried for a while.
	 * @param user the user, as {@link #open} takes it
	 * @param client its client id
	 * @param by how much longer
	 */
	public void ageTombstone(String user, String client, Duration by) {
		this.deployment.ask((redis) -> {
			String key = "fanfare:{0}:kicked:" + this.scenario + "-" + user + ":" + client;
			return redis.pexpire(key, redis.pttl(key) - by.toMillis());
		});
	}

	/**
	 * How many streams they got after they were told to stop.
	 * @return the number
	 */
	public int revived() {
		return this.all.stream().mapToInt(Library::revived).sum();
	}

	@Override
	public void close() {
		this.all.forEach(Library::close);
	}

}
