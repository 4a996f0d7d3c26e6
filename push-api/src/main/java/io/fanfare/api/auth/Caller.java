package io.fanfare.api.auth;

import io.fanfare.protocol.ChannelName;

/** Who calls. */
public final class Caller {

	private final String id;

	private final Scopes scopes;

	Caller(String id, Scopes scopes) {
		this.id = id;
		this.scopes = scopes;
	}

	/**
	 * What tells this caller from all others: the name of the API key, or {@code ~} and
	 * the subject of the token. Idempotency keys are its own.
	 * @return the id, without {@code :}
	 */
	public String id() {
		return this.id;
	}

	/**
	 * Returns whether a scope is held, {@link Scope#PUBLISH} for one channel at least.
	 * @param scope the scope
	 * @return whether it is
	 */
	public boolean holds(Scope scope) {
		return this.scopes.holds(scope);
	}

	/**
	 * Returns whether this caller may publish to a channel.
	 * @param channel the channel
	 * @return whether it may
	 */
	public boolean mayPublishTo(ChannelName channel) {
		return this.scopes.mayPublishTo(channel);
	}

}
