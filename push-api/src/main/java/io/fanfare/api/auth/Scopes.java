package io.fanfare.api.auth;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ChannelPattern;

/**
 * What a caller may do.
 *
 * @param whole the scopes held for everything
 * @param limited the channels for which others are held
 */
record Scopes(Set<Scope> whole, Map<Scope, List<ChannelPattern>> limited) {

	/**
	 * Reads scopes by their names.
	 * @param names the names, such as {@code read} and {@code publish:news}
	 * @return the scopes
	 * @throws IllegalArgumentException if one is no scope
	 */
	static Scopes parse(Iterable<String> names) {
		Set<Scope> whole = EnumSet.noneOf(Scope.class);
		Map<Scope, List<ChannelPattern>> limited = new EnumMap<>(Scope.class);
		for (String name : names) {
			int colon = name.indexOf(':');
			if (colon < 0) {
				whole.add(Scope.find(name));
			}
			else {
				Scope scope = Scope.find(name.substring(0, colon));
				limited.computeIfAbsent(scope, (_) -> new ArrayList<>()).add(scope.limit(name.substring(colon + 1)));
			}
		}
		return new Scopes(whole, limited);
	}

	/** Their names, as they are read. */
	List<String> names() {
		List<String> names = new ArrayList<>();
		for (Scope scope : Scope.values()) {
			if (this.whole.contains(scope)) {
				names.add(scope.wireName());
			}
			this.limited.getOrDefault(scope, List.of())
				.forEach((pattern) -> names.add(scope.wireName() + ":" + scope.text(pattern)));
		}
		return names;
	}

	/** Whether a scope is held for everything. */
	boolean holds(Scope scope) {
		return this.whole.contains(scope) || scope == Scope.DISCONNECT && this.whole.contains(Scope.ADMIN);
	}

	/** Whether a scope is held for everything, or for something. */
	boolean holdsSome(Scope scope) {
		return holds(scope) || this.limited.containsKey(scope);
	}

	/** Whether a scope is held for a channel. */
	boolean holds(Scope scope, ChannelName channel) {
		if (holds(scope)) {
			return true;
		}
		for (ChannelPattern pattern : this.limited.getOrDefault(scope, List.of())) {
			if (pattern.covers(channel)) {
				return true;
			}
		}
		return false;
	}

}
