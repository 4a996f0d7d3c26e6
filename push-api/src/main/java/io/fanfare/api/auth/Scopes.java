package io.fanfare.api.auth;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ChannelPattern;

/**
 * What a caller may do.
 *
 * @param held the scopes held for everything
 * @param channels the channels that may be published to, where {@link Scope#PUBLISH} is
 * not held for everything
 */
record Scopes(Set<Scope> held, List<ChannelPattern> channels) {

	private static final String PUBLISH_TO = Scope.PUBLISH.wireName() + ":";

	/**
	 * Reads scopes by their names.
	 * @param names {@code publish}, {@code publish:<channel pattern>}, {@code read},
	 * {@code admin}, {@code tokens}
	 * @return the scopes
	 * @throws IllegalArgumentException if one is none of these
	 */
	static Scopes parse(Iterable<String> names) {
		Set<Scope> held = EnumSet.noneOf(Scope.class);
		List<ChannelPattern> channels = new ArrayList<>();
		for (String name : names) {
			if (name.startsWith(PUBLISH_TO)) {
				channels.add(new ChannelPattern(name.substring(PUBLISH_TO.length())));
			}
			else {
				held.add(find(name));
			}
		}
		return new Scopes(held, List.copyOf(channels));
	}

	private static Scope find(String name) {
		for (Scope scope : Scope.values()) {
			if (scope.wireName().equals(name)) {
				return scope;
			}
		}
		throw new IllegalArgumentException("'" + name + "' is no scope");
	}

	boolean holds(Scope scope) {
		return this.held.contains(scope) || scope == Scope.PUBLISH && !this.channels.isEmpty();
	}

	boolean mayPublishTo(ChannelName channel) {
		return this.held.contains(Scope.PUBLISH) || this.channels.stream().anyMatch((one) -> one.covers(channel));
	}

}
