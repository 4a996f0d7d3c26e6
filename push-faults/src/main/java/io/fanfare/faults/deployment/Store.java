package io.fanfare.faults.deployment;

import java.util.List;

/** What Redis keeps. */
public enum Store {

	/** Everything that it acknowledged, and nodes and API are told so. */
	DURABLE("appendonly yes", "appendfsync always"),

	/** Snapshots only. */
	SNAPSHOTS("appendonly no"),

	/** What it sent to its replica, which sentinels put into its place. */
	REPLICATED("appendonly no", "repl-diskless-sync-delay 0");

	@SuppressWarnings("ImmutableEnumChecker") // A list that cannot be changed
	private final List<String> configuration;

	Store(String... configuration) {
		this.configuration = List.of(configuration);
	}

	String[] configuration() {
		return this.configuration.toArray(String[]::new);
	}

}
