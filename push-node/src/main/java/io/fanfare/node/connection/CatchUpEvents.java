package io.fanfare.node.connection;

/** Is notified when streams read history. Called on their loops; must not block. */
public interface CatchUpEvents {

	/** Is not interested. */
	CatchUpEvents NONE = new CatchUpEvents() {
	};

	/**
	 * A stream begins to read history.
	 * @param connection the stream
	 */
	default void began(Connection connection) {
	}

	/**
	 * History was read for a stream that does.
	 * @param connection the stream
	 * @param messages how many messages one read brought
	 */
	default void read(Connection connection, int messages) {
	}

	/**
	 * A stream that read history does so no more.
	 * @param connection the stream
	 * @param live whether it has all that there is; otherwise it ended
	 */
	default void ended(Connection connection, boolean live) {
	}

}
