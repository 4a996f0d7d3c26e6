package io.fanfare.node.stream;

import java.util.List;

import io.fanfare.node.admission.Newcomer;
import io.fanfare.node.connection.SocketEvents;
import io.fanfare.node.connection.StreamRequest;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.QuotaUse;
import io.fanfare.protocol.guard.Errors;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/**
 * A request for a stream, and its channel, as admission sees them.
 *
 * @param request what is asked for
 * @param outlet the socket
 * @param exceeded the quota that is used up already, or null
 * @param channel the channel
 * @param client where the client is
 * @param proxies is notified of an address that may be a proxy's
 * @param errors notes what a task throws
 */
record StreamArrival(StreamRequest request, NettyOutlet outlet, @Nullable Quota exceeded, Channel channel,
		TrustedProxies.Client client, TrustedProxies proxies, Errors errors) implements Newcomer {

	@Override
	public void opened(SocketEvents connection) {
		this.outlet.use(connection);
	}

	@Override
	public void allowed(List<QuotaUse> left) {
		left.forEach(this.outlet::show);
	}

	@Override
	public void limited() {
		if (this.client.isDoubtful()) {
			this.proxies.hint(this.client.address());
		}
	}

	@Override
	public void whenClosed(Runnable task) {
		this.channel.closeFuture().addListener((closed) -> task.run());
	}

	@Override
	public void onLoop(Runnable task) {
		this.channel.eventLoop().execute(() -> {
			if (!this.errors.run("http", task)) {
				this.channel.close();
			}
		});
	}

}
