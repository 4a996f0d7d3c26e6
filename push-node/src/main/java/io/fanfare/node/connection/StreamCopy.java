package io.fanfare.node.connection;

/**
 * Receives copies of what is written to one stream. Called on the loop of the connection,
 * behind each write; must not block. What it throws ends the copying and not the stream.
 */
public interface StreamCopy {

	/**
	 * Receives a block.
	 * @param block the bytes, not to be changed
	 * @return whether more is wanted
	 */
	boolean block(byte[] block);

	/**
	 * The stream ended. Nothing follows.
	 * @param reason the reason of its {@link Ending}
	 */
	void ended(String reason);

}
