package io.fanfare.bench.peer;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

import io.fanfare.bench.load.StreamTarget;
import io.fanfare.bench.publish.Wire;
import io.fanfare.test.process.ChildProcess;
import org.jspecify.annotations.Nullable;

/** A running system under test. For one thread. */
public interface Peer extends AutoCloseable {

	/** What tokens of a run are signed with. */
	String SECRET = "only-for-benches-" + Long.toHexString(ThreadLocalRandom.current().nextLong() | 1L << 63);

	/** Streams that receive what goes to everybody. */
	StreamTarget streams();

	/** How messages are published. */
	Wire wire();

	/** The processes that hold the streams. */
	List<Long> servers();

	/** Processes that take publishes, where those are others. */
	default List<Long> front() {
		return List.of();
	}

	/** The processes of its store, if it has one. */
	default List<Long> store() {
		return List.of();
	}

	/** The processes of a proxy before it, if there is one. */
	default List<Long> edge() {
		return List.of();
	}

	/** Streams that receive three topics each, or null where that is not measured. */
	default @Nullable StreamTarget topicStreams(int topics) {
		return null;
	}

	/** Whether a message can be for one user. */
	default boolean hasUsers() {
		return false;
	}

	/** JVMs are asked to collect before their memory is looked at. */
	default boolean isJava() {
		return false;
	}

	@Override
	void close();

	/** A system that is one process. */
	record Single(ChildProcess child, StreamTarget streams, Wire wire, boolean isJava) implements Peer {

		@Override
		public List<Long> servers() {
			return this.child.tree();
		}

		@Override
		public void close() {
			this.child.close();
		}

	}

}
