package io.fanfare.node.connection;

import java.util.ArrayDeque;
import java.util.Deque;

import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import org.jspecify.annotations.Nullable;

/**
 * Looks up, for one loop, whether the tokens of newcomers are revoked that have to wait
 * for a slot: none of those may take the position of another, or have a stream evicted.
 * What gets a slot at once is checked by its claim. Belongs to its loop.
 */
final class TokenChecks {

	/** On their way at once; more would run into the time-out of commands. */
	private static final int WINDOW = 500;

	private final StreamLoop loop;

	private final Deque<Check> due = new ArrayDeque<>();

	private int unanswered;

	TokenChecks(StreamLoop loop) {
		this.loop = loop;
	}

	private record Check(Connection connection, Runnable granted) {

	}

	/**
	 * Looks a token up, soon. What is granted goes on behind the connection's barrier.
	 */
	void add(Connection connection, Runnable granted) {
		this.due.add(new Check(connection, granted));
		send();
	}

	private void send() {
		while (this.unanswered < WINDOW && !this.due.isEmpty()) {
			Check next = this.due.remove();
			if (!next.connection().isClosed()) {
				this.unanswered++;
				this.loop.isRevoked(next.connection(), (revoked, failure) -> answered(next, revoked));
			}
		}
	}

	private void answered(Check check, @Nullable Boolean revoked) {
		this.unanswered--;
		try {
			if (revoked == null) {
				refuseAll();
				refuse(check.connection());
			}
			else if (!check.connection().isClosed()) {
				decided(check, revoked);
			}
		}
		finally {
			send();
		}
	}

	private void decided(Check check, boolean revoked) {
		if (revoked) {
			check.connection().ending().revoked(MessageId.of(this.loop.millis(), 0));
		}
		else {
			check.granted().run();
		}
	}

	/** Redis does not answer: no request waits for it in a queue. */
	private void refuseAll() {
		Check next;
		while ((next = this.due.poll()) != null) {
			this.loop.guard("open", next.connection(), TokenChecks::refuse);
		}
	}

	private static void refuse(Connection connection) {
		if (!connection.isClosed()) {
			connection.refuse(CloseReason.REDIS_UNAVAILABLE);
		}
	}

}
