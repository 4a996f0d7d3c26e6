package io.fanfare.node.admission;

import java.util.function.Consumer;

import io.fanfare.node.connection.Outlet;
import io.fanfare.node.connection.SocketEvents;
import io.fanfare.node.connection.StreamRequest;
import io.fanfare.node.ratelimit.Quota;
import org.jspecify.annotations.Nullable;

/**
 * A newcomer whose address has no limits.
 *
 * @param request what it asks for
 * @param outlet its socket
 * @param open takes its connection, if it gets one
 */
public record UnlimitedNewcomer(StreamRequest request, Outlet outlet, Consumer<SocketEvents> open) implements Newcomer {

	@Override
	public @Nullable Quota exceeded() {
		return null;
	}

	@Override
	public void opened(SocketEvents connection) {
		this.open.accept(connection);
	}

	@Override
	public void limited() {
		throw new AssertionError("There are no limits");
	}

	@Override
	public void whenClosed(Runnable task) {
		throw new AssertionError("There are no limits");
	}

	@Override
	public void onLoop(Runnable task) {
		throw new AssertionError("There are no limits");
	}

}
