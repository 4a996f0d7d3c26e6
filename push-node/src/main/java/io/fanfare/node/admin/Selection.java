package io.fanfare.node.admin;

import java.util.Set;

import io.fanfare.node.connection.Connection;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ConnectionState;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.call.CallRequest;
import org.jspecify.annotations.Nullable;

/**
 * Which connections are meant; what is null or empty is of no matter.
 *
 * @param state the state
 * @param user the user
 * @param tier the tier
 * @param address the IP address
 * @param channel a channel that is received; of those that ended it is not known
 * @param users some users
 */
record Selection(@Nullable ConnectionState state, @Nullable String user, @Nullable Tier tier, @Nullable String address,
		@Nullable String channel, Set<String> users) {

	static Selection of(CallRequest.ListConnections request) {
		return new Selection(request.state(), request.user(), request.tier(), request.address(), null, Set.of());
	}

	static Selection of(CallRequest.Disconnect request) {
		return new Selection(null, null, request.tier(), null, request.channel(),
				(request.users() != null) ? Set.copyOf(request.users()) : Set.of());
	}

	/** On the connection's loop. */
	boolean takes(Connection connection, long nowNanos) {
		return isOr(this.user, connection.user()) && (this.tier == null || this.tier == connection.request().tier())
				&& (this.users.isEmpty() || this.users.contains(connection.user()))
				&& (this.channel == null || hears(connection, this.channel))
				&& (this.state == null || this.state == connection.state(nowNanos))
				&& (this.address == null || this.address.equals(connection.request().address().getHostAddress()));
	}

	boolean takes(ConnectionStatus ended) {
		return isOr(this.user, ended.user()) && (this.tier == null || this.tier.wireName().equals(ended.tier()))
				&& isOr(this.address, ended.address());
	}

	private static boolean isOr(@Nullable String wanted, String given) {
		return wanted == null || wanted.equals(given);
	}

	private static boolean hears(Connection connection, String wanted) {
		for (ChannelName channel : connection.channels()) {
			if (channel.value().equals(wanted)) {
				return true;
			}
		}
		return false;
	}

}
