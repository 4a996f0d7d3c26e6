package io.fanfare.node.connection;

import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * Who receives copies of what is written to streams. Without receivers a stream costs one
 * call at its beginning, and each write the look at a field.
 */
public final class StreamCopies {

	private volatile Function<Connection, @Nullable StreamCopy> chooser = (connection) -> null;

	StreamCopies() {
	}

	/**
	 * Names what says who receives copies of a stream that begins, once, before anything
	 * arrives.
	 * @param chosen returns the receiver, or null; called on the connection's loop
	 */
	public void chooseBy(Function<Connection, @Nullable StreamCopy> chosen) {
		this.chooser = chosen;
	}

	/** A stream begins. On its loop. */
	void begin(Connection connection) {
		StreamCopy copy = this.chooser.apply(connection);
		if (copy != null) {
			attach(connection, copy);
		}
	}

	/**
	 * Copies what is written from now on, to this receiver alone. On the connection's
	 * loop.
	 * @param connection the connection
	 * @param copy the receiver
	 */
	public void attach(Connection connection, StreamCopy copy) {
		connection.writer().copyTo(copy);
	}

}
