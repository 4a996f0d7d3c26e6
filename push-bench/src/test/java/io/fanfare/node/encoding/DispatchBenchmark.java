package io.fanfare.node.encoding;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A message from its envelope to the bytes that streams share. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DispatchBenchmark {

	private static final int STREAMS = 10_000;

	/** Messages that wait together. */
	@Param({ "1", "16" })
	int waiting;

	private final Envelope envelope = new Envelope(EventName.DEFAULT, "x".repeat(200).getBytes(StandardCharsets.UTF_8),
			0, 0, false, null);

	private final Backlog root = Backlog.root();

	private final Backlog[] owed = new Backlog[STREAMS];

	private Message[] messages = {};

	private long id = 1L << 40;

	@Setup
	public void prepare() {
		this.messages = new Message[this.waiting];
		for (int i = 0; i < this.waiting; i++) {
			this.messages[i] = Message.render(++this.id, ChannelName.ALL, this.envelope);
		}
	}

	@Benchmark
	public Message render() {
		return Message.render(++this.id, ChannelName.ALL, this.envelope);
	}

	/** What a broadcast costs a stream before its bytes are put together. */
	@Benchmark
	@OperationsPerInvocation(STREAMS)
	public Backlog[] append() {
		for (int i = 0; i < STREAMS; i++) {
			this.owed[i] = this.root;
		}
		for (Message message : this.messages) {
			for (int i = 0; i < STREAMS; i++) {
				this.owed[i] = this.owed[i].append(message);
			}
		}
		return this.owed;
	}

	/** Once for all streams that are owed the same. */
	@Benchmark
	public int encode() {
		Backlog backlog = this.root;
		for (Message message : this.messages) {
			backlog = backlog.append(message);
		}
		ByteBuf chunk = backlog.encode(PooledByteBufAllocator.DEFAULT);
		int size = chunk.readableBytes();
		chunk.release();
		return size;
	}

}
