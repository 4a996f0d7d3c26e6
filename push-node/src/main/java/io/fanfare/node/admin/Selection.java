package io.fanfare.node.admin;

import java.util.HashSet;
import java.util.Set;

import io.fanfare.node.connection.Connection;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ConnectionState;
import io.fanfare.protocol.ConnectionStatus;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Which connections are meant; what is null or empty is of no matter.
 *
 * @param state the state
 * @param user the user
 * @param tier the tier, by its wire name
 * @param address the IP address
 * @param channel a channel that is heard; of those that ended it is not known
 * @param users some users
 */
record Selection(@Nullable ConnectionState state, @Nullable String user, @Nullable String tier,
		@Nullable String address, @Nullable String channel, Set<String> users) {

	/** These, and what calls take beside them. */
	private static final Set<String> KNOWN = Set.of("state", "user", "tier", "address", "channel", "users", "limit",
			"after", "reason", "graceMs");

	/**
	 * Reads what the API asks for, which checked it.
	 * @throws IllegalArgumentException if there is anything that this version does not
	 * understand: whoever reads less into it would mean more connections
	 */
	static Selection read(JsonNode body) {
		for (String name : body.propertyNames()) {
			if (!KNOWN.contains(name)) {
				throw new IllegalArgumentException("Not understood: " + name);
			}
		}
		String stateName = text(body, "state");
		ConnectionState state = (stateName != null) ? ConnectionState.find(stateName) : null;
		if (stateName != null && state == null) {
			throw new IllegalArgumentException("No state: " + stateName);
		}
		Set<String> users = new HashSet<>();
		body.path("users").forEach((user) -> users.add(user.stringValue()));
		if (body.has("users") && users.isEmpty()) {
			throw new IllegalArgumentException("No users");
		}
		return new Selection(state, text(body, "user"), text(body, "tier"), text(body, "address"),
				text(body, "channel"), users);
	}

	private static @Nullable String text(JsonNode body, String name) {
		JsonNode value = body.get(name);
		return (value != null) ? value.stringValue() : null;
	}

	/** On the connection's loop. */
	boolean takes(Connection connection, long nowNanos) {
		return isOr(this.user, connection.user()) && isOr(this.tier, connection.request().tier().wireName())
				&& (this.users.isEmpty() || this.users.contains(connection.user()))
				&& (this.channel == null || hears(connection, this.channel))
				&& (this.state == null || this.state == connection.state(nowNanos))
				&& (this.address == null || this.address.equals(connection.request().address().getHostAddress()));
	}

	boolean takes(ConnectionStatus ended) {
		return isOr(this.user, ended.user()) && isOr(this.tier, ended.tier()) && isOr(this.address, ended.address());
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
