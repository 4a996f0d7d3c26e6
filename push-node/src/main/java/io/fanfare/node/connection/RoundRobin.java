package io.fanfare.node.connection;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * The connections of a loop in a dense array, visited round-robin. A round may pause
 * anywhere. A connection that is added during a round is not visited in it; one that is
 * removed takes no other's turn along. Belongs to its loop.
 */
final class RoundRobin {

	private @Nullable Connection[] connections = new Connection[16];

	private int size;

	/** The next to be visited: all before it were visited in this round. */
	private int next;

	int size() {
		return this.size;
	}

	/** The connections that are here now. */
	@SuppressWarnings("NullAway") // dense up to its size
	List<Connection> all() {
		return List.of(Arrays.copyOf(this.connections, this.size));
	}

	void add(Connection connection) {
		if (this.size == this.connections.length) {
			this.connections = Arrays.copyOf(this.connections, this.size * 2);
		}
		connection.index(this.size);
		this.connections[this.size++] = connection;
	}

	/** Takes a connection out, if it is here. */
	void remove(Connection connection) {
		int hole = connection.index();
		if (hole < 0) {
			return;
		}
		connection.index(-1);
		if (hole < this.next) {
			// Only one that was visited may move among those that were.
			this.next--;
			move(this.next, hole);
			hole = this.next;
		}
		this.size--;
		move(this.size, hole);
		this.connections[this.size] = null;
	}

	private void move(int from, int to) {
		if (from != to) {
			Connection moved = at(from);
			this.connections[to] = moved;
			moved.index(to);
		}
	}

	/** Whether the next step begins a round. */
	boolean isAtStart() {
		return this.next == 0;
	}

	/**
	 * Visits the next connection.
	 * @return whether the round goes on
	 */
	boolean step(Consumer<Connection> visit) {
		if (this.next < this.size) {
			Connection connection = at(this.next++);
			visit.accept(connection);
		}
		if (this.next < this.size) {
			return true;
		}
		this.next = 0;
		return false;
	}

	private Connection at(int index) {
		Connection connection = this.connections[index];
		if (connection == null) {
			throw new IndexOutOfBoundsException(index);
		}
		return connection;
	}

}
