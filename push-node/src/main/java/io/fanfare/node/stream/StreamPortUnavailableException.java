package io.fanfare.node.stream;

import java.net.InetSocketAddress;

/** The stream port cannot be bound. */
@SuppressWarnings("serial")
public final class StreamPortUnavailableException extends RuntimeException {

	StreamPortUnavailableException(InetSocketAddress address, Throwable cause) {
		super("The stream port " + address.getHostString() + ":" + address.getPort() + " cannot be bound ("
				+ cause.getMessage() + "). Set fanfare.stream.port (FANFARE_STREAM_PORT) to a free port"
				+ " or fanfare.stream.address (FANFARE_STREAM_ADDRESS) to an address of this machine", cause);
	}

}
