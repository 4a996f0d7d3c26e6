package io.fanfare.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Looks at ports before anything starts, so that a taken one is one clear message. */
final class Ports {

	private Ports() {
	}

	static void check(LocalSettings settings) {
		for (int i = 0; i < settings.nodes(); i++) {
			check(settings.streamPorts().get(i), "the stream port of node-" + (i + 1), "stream-ports");
			check(settings.controlPorts().get(i), "the control port of node-" + (i + 1), "control-ports");
		}
		check(settings.apiPort(), "the API's port", "api-port");
		check(settings.apiControlPort(), "the API's control port", "api-control-port");
	}

	private static void check(int port, String what, String setting) {
		if (port == 0) {
			return;
		}
		try (ServerSocket socket = new ServerSocket()) {
			socket.setReuseAddress(true);
			socket.bind(new InetSocketAddress(port));
		}
		catch (IOException ex) {
			String variable = "FANFARE_LOCAL_" + setting.toUpperCase(java.util.Locale.ROOT).replace("-", "");
			throw new StartException("Port " + port + " is taken; it would be " + what
					+ ". Free it, or set fanfare.local." + setting + " (" + variable + ") to another.");
		}
	}

	/** A port that is free now. */
	static int free() throws IOException {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
	}

}
