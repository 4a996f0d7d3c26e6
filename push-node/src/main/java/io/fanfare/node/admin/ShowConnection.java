package io.fanfare.node.admin;

import java.util.concurrent.CompletableFuture;

import io.fanfare.node.cluster.NodeCall;
import io.fanfare.node.connection.Connection;
import io.fanfare.node.connection.Connections;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.redis.CallName;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Tells of one connection that is open. */
public final class ShowConnection implements NodeCall {

	private final Connections connections;

	/**
	 * Makes the call.
	 * @param connections the node's connections
	 */
	public ShowConnection(Connections connections) {
		this.connections = connections;
	}

	/**
	 * What is told.
	 *
	 * @param connection the connection, or null if it is not open here
	 */
	record Shown(@Nullable ConnectionStatus connection) {

	}

	@Override
	public CallName name() {
		return CallName.SHOW_CONNECTION;
	}

	@Override
	public CompletableFuture<Shown> run(JsonNode body) {
		Connection connection = this.connections.find(body.path("connection").asString(""));
		if (connection == null) {
			return CompletableFuture.completedFuture(new Shown(null));
		}
		return Connections.onLoop(connection.loop(), (loop) -> CompletableFuture
			.completedFuture(new Shown(connection.isClosed() ? null : connection.status(null))));
	}

}
