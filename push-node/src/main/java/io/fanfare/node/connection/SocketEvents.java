package io.fanfare.node.connection;

/** What happens to the socket of a connection. To be called on its loop. */
public final class SocketEvents {

	private final Connection connection;

	/**
	 * Makes what the socket notifies.
	 * @param connection the connection of the socket
	 */
	public SocketEvents(Connection connection) {
		this.connection = connection;
	}

	/** It takes more again. */
	public void writable() {
		this.connection.loop().guard("socket", this.connection, Connection::writable);
	}

	/** It may have room again; that does not mean that the client reads. */
	public void retry() {
		this.connection.loop().guard("socket", this.connection, Connection::retry);
	}

	/**
	 * What the sockets of the loop did not take yet.
	 * @return the count
	 */
	public Unflushed unflushed() {
		return this.connection.loop().unflushed();
	}

	/** It is gone: the other side reset it. */
	public void reset() {
		this.connection.loop().guard("socket", this.connection, (connection) -> connection.ending().reset());
	}

	/**
	 * It is gone.
	 * @param broken whether by an error
	 */
	public void disconnected(boolean broken) {
		this.connection.loop()
			.guard("socket", this.connection, (connection) -> connection.ending().disconnected(broken));
	}

}
