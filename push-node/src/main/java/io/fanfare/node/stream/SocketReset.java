package io.fanfare.node.stream;

import java.net.SocketException;

import io.netty.channel.unix.Errors;

/**
 * Distinguishes a connection that the other side reset from a network that failed: what
 * is sent to a client or proxy that closed its socket before it read everything is
 * answered with a reset.
 */
final class SocketReset {

	private SocketReset() {
	}

	static boolean is(Throwable failure) {
		return switch (failure) {
			case Errors.NativeIoException ex ->
				ex.expectedErr() == Errors.ERRNO_ECONNRESET_NEGATIVE || ex.expectedErr() == Errors.ERRNO_EPIPE_NEGATIVE;
			// Without epoll the virtual machine has no number for it
			case SocketException ex -> "Connection reset".equals(ex.getMessage());
			default -> false;
		};
	}

}
