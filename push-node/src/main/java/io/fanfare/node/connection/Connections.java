package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.random.RandomGenerator;

import io.fanfare.node.recorder.FlightRecorder;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.Frame;
import org.jspecify.annotations.Nullable;

/**
 * All connections of the node, by id, and the loops that own them. Any thread may call.
 */
public final class Connections {

	private final String node;

	private final RandomGenerator secureRandom;

	private final ConcurrentHashMap<String, Connection> byId = new ConcurrentHashMap<>();

	private final Outage outage = new Outage();

	private final StreamCopies copies = new StreamCopies();

	private final int max;

	private volatile List<StreamLoop> loops = List.of();

	private volatile Runnable sweep = () -> {
	};

	private volatile IntSupplier active = () -> 0;

	private volatile FlightRecorder recorder = FlightRecorder.OFF;

	private volatile ReceiptSink receipts = ReceiptSink.NONE;

	private volatile Consumer<ConnectionStatus> ended = (status) -> {
	};

	/**
	 * Makes an empty registry.
	 * @param node the node's identity
	 * @param max how many connections the node takes
	 * @param secureRandom makes keys that cannot be guessed
	 */
	public Connections(String node, int max, RandomGenerator secureRandom) {
		this.node = node;
		this.max = max;
		this.secureRandom = secureRandom;
	}

	/**
	 * Names the loops, once, before anything arrives.
	 * @param all the node's loops
	 */
	public void use(List<StreamLoop> all) {
		this.loops = List.copyOf(all);
	}

	/**
	 * Adds who is notified of streams that ended, before anything arrives.
	 * @param ended takes what is last reported of each, on its loop, without blocking
	 */
	public void endedBy(Consumer<ConnectionStatus> ended) {
		this.ended = this.ended.andThen(ended);
	}

	/**
	 * Names what each loop does once per second for what is above connections, once,
	 * before anything arrives.
	 * @param task the task
	 */
	public void sweepBy(Runnable task) {
		this.sweep = task;
	}

	/**
	 * Names what counts the streams that are open, or being opened, once, before anything
	 * arrives.
	 * @param count their number, for any thread
	 */
	public void countBy(IntSupplier count) {
		this.active = count;
	}

	/**
	 * Names what remembers messages and streams, once, before anything arrives.
	 * @param flight the recorder
	 */
	public void recordBy(FlightRecorder flight) {
		this.recorder = flight;
	}

	/** What remembers messages and streams. */
	FlightRecorder recorder() {
		return this.recorder;
	}

	/** Names what takes acknowledged receipts, once, before anything arrives. */
	public void settleBy(ReceiptSink sink) {
		this.receipts = sink;
	}

	ReceiptSink receipts() {
		return this.receipts;
	}

	/** How many streams are open, or being opened. */
	int active() {
		return this.active.getAsInt();
	}

	/** Does what is due once per second. On a loop. */
	void sweep() {
		this.sweep.run();
	}

	/**
	 * Takes a connection in that has no slot yet; to be called on its loop.
	 * @param loop the loop
	 * @param request what is asked for
	 * @param outlet the socket
	 * @param slot its request for a slot
	 * @return the connection
	 */
	public Connection add(StreamLoop loop, StreamRequest request, Outlet outlet, Slot slot) {
		Connection connection = loop.open(ConnectionKey.create(this.node, this.secureRandom), request, outlet, slot);
		this.byId.put(connection.id(), connection);
		this.copies.begin(connection);
		return connection;
	}

	/**
	 * Who receives copies of what is written to streams.
	 * @return the choice
	 */
	public StreamCopies copies() {
		return this.copies;
	}

	/** Calls to Redis that are not answered. */
	Outage outage() {
		return this.outage;
	}

	/** To be called for every connection that is gone. */
	void closed(Connection connection, Ending ending) {
		if (!this.byId.remove(connection.id(), connection)) {
			return;
		}
		try {
			connection.writer().ended(ending);
			connection.slot().leave();
		}
		finally {
			if (connection.isBegun()) {
				this.recorder.ended(ConnectionReport.past(connection, connection.writer(), ending));
				this.ended.accept(connection.status(ending));
			}
		}
	}

	/**
	 * The node's loops, in the order in which they were named.
	 * @return them
	 */
	public List<StreamLoop> loops() {
		return this.loops;
	}

	/**
	 * Signs of life of the loops, in the order in which they were named.
	 * @return them
	 */
	public List<LoopPulse> pulses() {
		return this.loops.stream().map(StreamLoop::pulse).toList();
	}

	/**
	 * Finds a connection that is held here.
	 * @param id its id
	 * @return the connection, or null
	 */
	public @Nullable Connection find(String id) {
		return this.byId.get(id);
	}

	/** Frees memory on the other loops, where one found none of its own to free. */
	void makeRoom(StreamLoop lacking) {
		for (StreamLoop loop : this.loops) {
			if (loop != lacking) {
				loop.submit(loop::shed);
			}
		}
	}

	/**
	 * Returns whether a connection is held here.
	 * @param id its id
	 * @return whether it is
	 */
	public boolean isHeld(String id) {
		return this.byId.containsKey(id);
	}

	/**
	 * How many are known, with a slot or without: none when all are gone.
	 * @return the number
	 */
	public int known() {
		return this.byId.size();
	}

	/**
	 * How many may be there.
	 * @return the number
	 */
	public int max() {
		return this.max;
	}

	/**
	 * What messages take of memory.
	 * @return the use
	 */
	public MemoryUse memoryUse() {
		return MemoryUse.of(this.loops);
	}

	/**
	 * Sends streams on that are open now, in no order and spread over a time, while the
	 * node goes on. None that opens meanwhile is sent on.
	 * @param count how many
	 * @param window over how long
	 * @param reason the reason that they are given
	 * @return how many are sent on, once all are gone
	 */
	public CompletableFuture<Integer> sendOn(int count, Duration window, CloseReason reason) {
		return onLoops((loop) -> CompletableFuture.completedFuture(loop.size())).thenCompose((sizes) -> {
			int total = sizes.stream().mapToInt(Integer::intValue).sum();
			int left = Math.min(count, total);
			List<Integer> shares = new ArrayList<>();
			for (int size : sizes) {
				int share = (total > 0) ? Math.ceilDiv(left * size, total) : 0;
				shares.add(share);
				left -= share;
				total -= size;
			}
			List<StreamLoop> order = this.loops;
			return onLoops((loop) -> loop.sendOn(shares.get(order.indexOf(loop)), window, reason));
		}).thenApply((sent) -> sent.stream().mapToInt(Integer::intValue).sum());
	}

	/**
	 * Asks a loop something on its own thread. The barrier of its inbox notes an error.
	 * @param <T> the type of the answer
	 * @param loop the loop
	 * @param question asks it
	 * @return the answer
	 */
	@SuppressWarnings("CatchThrowable")
	public static <T> CompletableFuture<T> onLoop(StreamLoop loop,
			Function<StreamLoop, ? extends CompletableFuture<? extends T>> question) {
		CompletableFuture<T> answer = new CompletableFuture<>();
		loop.submit(() -> {
			try {
				question.apply(loop).whenComplete((value, failure) -> {
					if (failure != null) {
						answer.completeExceptionally(failure);
					}
					else {
						answer.complete(value);
					}
				});
			}
			catch (Throwable ex) {
				answer.completeExceptionally(ex);
				throw ex;
			}
		});
		return answer;
	}

	/**
	 * Asks every loop something on its own thread.
	 * @param <T> the type of an answer
	 * @param question asks a loop
	 * @return the answers, in the order of the loops
	 */
	public <T> CompletableFuture<List<T>> onLoops(Function<StreamLoop, CompletableFuture<T>> question) {
		List<CompletableFuture<T>> answers = new ArrayList<>();
		for (StreamLoop loop : this.loops) {
			answers.add(onLoop(loop, question));
		}
		return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
			.thenApply((done) -> answers.stream().map(CompletableFuture::join).toList());
	}

	/**
	 * Sends all connections on, one after the other.
	 * @param window over how long
	 * @return when none is left
	 */
	public CompletableFuture<Void> drain(Duration window) {
		return onLoops((loop) -> loop.drain(window)).thenAccept((done) -> {
		});
	}

	/**
	 * Sends all connections on at once.
	 * @param reason the reason that they are given
	 * @return when every loop has done so and their users are given up, or could not be
	 */
	public CompletableFuture<Void> stop(CloseReason reason) {
		List<CompletableFuture<?>> stops = new ArrayList<>();
		for (StreamLoop loop : this.loops) {
			stops.add(onLoop(loop, (one) -> one.stop(reason)).handle((released, failure) -> null));
		}
		return CompletableFuture.allOf(stops.toArray(CompletableFuture[]::new));
	}

	/**
	 * Ends a stream as its client asks.
	 * @param id the connection
	 * @return whether it is held here
	 */
	public boolean closeByClient(String id) {
		Connection connection = this.byId.get(id);
		if (connection != null) {
			connection.loop().submit(connection, connection.ending()::closeByClient);
		}
		return connection != null;
	}

	/**
	 * Notes that a client receives its stream.
	 * @param said of which connection, and what it received
	 * @return whether it is held here
	 */
	public boolean acknowledgeByClient(Frame.Acknowledgement said) {
		Connection connection = this.byId.get(said.connection());
		if (connection != null) {
			connection.loop().submit(connection, () -> connection.acknowledged(said));
		}
		return connection != null;
	}

}
