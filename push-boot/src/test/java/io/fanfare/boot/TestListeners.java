package io.fanfare.boot;

import java.util.List;

/** Where the application of these tests listens. */
final class TestListeners implements Listeners {

	@Override
	public List<String> ports() {
		return List.of("fanfare.control.port", "fanfare.stream.port");
	}

	@Override
	public List<String> addresses() {
		return List.of("fanfare.control.address");
	}

}
