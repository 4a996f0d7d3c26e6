package io.fanfare.api.auth;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ChannelPattern;
import io.fanfare.protocol.Tier;
import org.jspecify.annotations.Nullable;

/** The client that calls. */
public final class Caller {

	/** As many as are named of a body that cannot be read. */
	private static final int MAX_ERRORS = 50;

	private final String id;

	private final Scopes scopes;

	private final TokenCeiling ceiling;

	Caller(String id, Scopes scopes) {
		this(id, scopes, TokenCeiling.NONE);
	}

	Caller(String id, Scopes scopes, TokenCeiling ceiling) {
		this.id = id;
		this.scopes = scopes;
		this.ceiling = ceiling;
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
	 * The scopes, as keys and tokens have them.
	 * @return their names
	 */
	public List<String> scopes() {
		return this.scopes.names();
	}

	/**
	 * The highest tier of stream tokens and tickets that this caller makes.
	 * @return the tier, or null for any
	 */
	public @Nullable Tier maxTier() {
		return this.ceiling.maxTier();
	}

	/**
	 * The topics that stream tokens and tickets may have that this caller makes.
	 * @return patterns, or null for any
	 */
	public @Nullable List<String> tokenChannels() {
		List<ChannelPattern> channels = this.ceiling.channels();
		return (channels != null) ? channels.stream().map(ChannelPattern::value).toList() : null;
	}

	/**
	 * Returns whether a scope is held for everything.
	 * @param scope the scope
	 * @return whether it is
	 */
	public boolean holds(Scope scope) {
		return this.scopes.holds(scope);
	}

	/**
	 * Returns whether a scope is held for everything, or for what a pattern covers.
	 * @param scope the scope
	 * @return whether it is
	 */
	public boolean holdsSome(Scope scope) {
		return this.scopes.holdsSome(scope);
	}

	/**
	 * Refuses the call unless a scope is held for everything.
	 * @param scope the scope
	 * @throws ProblemException 403 if it is not
	 */
	public void require(Scope scope) {
		if (!holds(scope)) {
			throw Refusals.insufficient(scope);
		}
	}

	/**
	 * Returns whether this caller may publish to a channel.
	 * @param channel the channel
	 * @return whether it may
	 */
	public boolean mayPublishTo(ChannelName channel) {
		return this.scopes.holds(Scope.PUBLISH, channel);
	}

	/**
	 * Refuses the call unless this caller may look at a channel, or at the user whose
	 * channel it is.
	 * @param channel the channel
	 * @param parameter the parameter of the path that names it
	 * @throws ProblemException 403 if it may not
	 */
	public void requireRead(ChannelName channel, String parameter) {
		if (!this.scopes.holds(Scope.READ, channel)) {
			throw Refusals.insufficient(Scope.READ,
					List.of(FieldError.ofParameter(parameter, "The key or token does not cover it")));
		}
	}

	/**
	 * Refuses the call unless this caller may look at all channels, or at the users whose
	 * channels they are.
	 * @param channels the channels
	 * @param pointer where the body lists them
	 * @throws ProblemException 403 that names those at which it may not, up to fifty
	 */
	public void requireRead(List<ChannelName> channels, String pointer) {
		List<FieldError> errors = new ArrayList<>();
		for (int i = 0; i < channels.size() && errors.size() < MAX_ERRORS; i++) {
			if (!this.scopes.holds(Scope.READ, channels.get(i))) {
				errors.add(FieldError.at(pointer + "/" + i, "The key or token does not cover it"));
			}
		}
		if (!errors.isEmpty()) {
			throw Refusals.insufficient(Scope.READ, errors);
		}
	}

	/**
	 * Refuses the call unless this caller may make a stream token, or a ticket.
	 * @param user the user who is to receive by it
	 * @param tier the tier that was asked for, or null
	 * @param channels the topics that were asked for, or null
	 * @return the tier that the token must have; null for none, which a caller without a
	 * ceiling may leave to the nodes
	 * @throws ProblemException 403 that names each field that goes too far
	 */
	public @Nullable Tier requireTokenFor(String user, @Nullable Tier tier, @Nullable List<String> channels) {
		List<FieldError> errors = new ArrayList<>();
		if (!this.scopes.holds(Scope.TOKENS, ChannelName.user(user))) {
			errors.add(FieldError.at("#/user", "The key or token does not cover this user"));
		}
		if (tier != null && !this.ceiling.allows(tier)) {
			errors.add(FieldError.at("#/tier", "is above the highest tier of the key or token"));
		}
		for (int i = 0; channels != null && i < channels.size(); i++) {
			if (!this.ceiling.allows(channels.get(i))) {
				errors.add(FieldError.at("#/channels/" + i, "The key or token does not cover these topics"));
			}
		}
		if (!errors.isEmpty()) {
			throw Refusals.insufficient(Scope.TOKENS, errors);
		}
		return (tier != null) ? tier : this.ceiling.maxTier();
	}

}
