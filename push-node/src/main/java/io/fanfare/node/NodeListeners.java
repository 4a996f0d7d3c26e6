package io.fanfare.node;

import java.util.List;

import io.fanfare.boot.Listeners;

/** Where a node listens. */
final class NodeListeners implements Listeners {

	@Override
	public List<String> ports() {
		return List.of("fanfare.stream.port", "fanfare.control.port");
	}

	@Override
	public List<String> addresses() {
		return List.of("fanfare.stream.address", "fanfare.control.address");
	}

}
