package io.fanfare.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/** Looks at ports before anything starts, so that a taken one is one clear message. */
final class Ports {

	private Ports() {
	}

	/** Holds each until all are looked at, so that no two settings have the same. */
	static void check(LocalSettings settings) {
		List<ServerSocket> held = new ArrayList<>();
		try {
			for (int i = 0; i < settings.nodes(); i++) {
				held.add(hold(settings.streamPorts().get(i), "the stream port of node-" + (i + 1), "stream-ports"));
				held.add(hold(settings.controlPorts().get(i), "the control port of node-" + (i + 1), "control-ports"));
			}
			held.add(hold(settings.apiPort(), "the API's port", "api-port"));
			held.add(hold(settings.apiControlPort(), "the API's control port", "api-control-port"));
		}
		finally {
			held.forEach(Ports::close);
		}
	}

	private static ServerSocket hold(int port, String what, String setting) {
		ServerSocket socket = null;
		try {
			socket = new ServerSocket();
			socket.setReuseAddress(true);
			socket.bind(new InetSocketAddress(port));
			return socket;
		}
		catch (IOException ex) {
			if (socket != null) {
				close(socket);
			}
			String variable = "FANFARE_LOCAL_" + setting.toUpperCase(java.util.Locale.ROOT).replace("-", "");
			throw new StartException("Port " + port + " is taken; it would be " + what
					+ ". Free it, or set fanfare.local." + setting + " (" + variable + ") to another.");
		}
	}

	private static void close(ServerSocket socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** A port that is free now. */
	static int free() throws IOException {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
	}

}
