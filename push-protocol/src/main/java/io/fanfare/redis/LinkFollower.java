package io.fanfare.redis;

/**
 * Another link of the process than the {@link CommandLink}, which has to reach the same
 * server.
 */
public interface LinkFollower {

	/**
	 * The command link reached a server and is about to be up. When this returns, the
	 * follower does not count as up on any other one. Called by the command link's
	 * worker.
	 * @param server the server
	 */
	void reached(RedisServer server);

	/**
	 * There is another master: what is up is to be remade. Any thread may call.
	 */
	void left();

}
