package io.fanfare.node.connection;

import java.util.List;

/**
 * Takes what clients acknowledged of messages of which a verdict is awaited. Called on
 * the loops; must not block.
 */
public interface ReceiptSink {

	/** Awaits no verdict. */
	ReceiptSink NONE = new ReceiptSink() {

		@Override
		public boolean isEnabled() {
			return false;
		}

		@Override
		public void acknowledged(String user, List<Long> ids) {
		}

		@Override
		public void dropped(int count) {
		}

	};

	/**
	 * Returns whether streams are to remember of which messages a verdict is awaited.
	 * @return whether they are
	 */
	boolean isEnabled();

	/**
	 * A client acknowledged messages that were written to it.
	 * @param user its user
	 * @param ids the messages
	 */
	void acknowledged(String user, List<Long> ids);

	/**
	 * Messages are not remembered, for a stream has too many that its client did not
	 * acknowledge.
	 * @param count how many
	 */
	void dropped(int count);

}
