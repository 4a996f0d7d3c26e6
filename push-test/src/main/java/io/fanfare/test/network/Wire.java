package io.fanfare.test.network;

import java.io.IOException;
import java.net.Socket;

/** One connection through a proxy: both of its ends. */
final class Wire {

	final Socket client;

	final Socket server = new Socket();

	/** Whether its client has sent what makes it one of those that are delayed. */
	volatile boolean slow;

	/** How many of its directions are still open. Guarded by the lock of the proxy. */
	int directions = 2;

	/** Set once its bytes go nowhere any more, whatever becomes of the others. */
	volatile boolean dead;

	Wire(Socket client) {
		this.client = client;
	}

	void reset() {
		reset(this.client);
		reset(this.server);
	}

	static void reset(Socket socket) {
		try {
			socket.setSoLinger(true, 0);
			socket.close();
		}
		catch (IOException ignored) {
			// gone already
		}
	}

}
