package io.fanfare.api;

import java.util.List;

import io.fanfare.boot.Listeners;

/** Where the API listens. */
final class ApiListeners implements Listeners {

	@Override
	public List<String> ports() {
		return List.of("fanfare.api.port", "fanfare.control.port");
	}

	@Override
	public List<String> addresses() {
		return List.of("fanfare.control.address");
	}

}
