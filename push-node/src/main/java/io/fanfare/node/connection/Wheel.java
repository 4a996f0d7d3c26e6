package io.fanfare.node.connection;

import java.util.ArrayList;
import java.util.List;

/**
 * When each connection of a loop is looked at next: one hashed wheel of seconds for all
 * of them, so an idle connection costs a place in a list and no timer. Belongs to its
 * loop.
 */
final class Wheel {

	private static final int SLOTS = 64;

	private final List<List<Connection>> slots = new ArrayList<>(SLOTS);

	private int now;

	Wheel() {
		for (int i = 0; i < SLOTS; i++) {
			this.slots.add(new ArrayList<>());
		}
	}

	/**
	 * Puts a connection where it comes up after some seconds; the farthest slot stands
	 * for all that is farther.
	 */
	void add(Connection connection, long seconds) {
		int ahead = Math.clamp(seconds, 1, SLOTS - 1);
		this.slots.get((this.now + ahead) % SLOTS).add(connection);
	}

	/**
	 * Takes the connections whose second has come. A closed one is simply not put back.
	 */
	List<Connection> advance() {
		this.now = (this.now + 1) % SLOTS;
		List<Connection> due = this.slots.get(this.now);
		this.slots.set(this.now, new ArrayList<>());
		return due;
	}

}
