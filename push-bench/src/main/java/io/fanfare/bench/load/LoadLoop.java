package io.fanfare.bench.load;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.HttpContentDecompressor;
import io.netty.handler.codec.http.HttpResponseDecoder;
import org.jspecify.annotations.Nullable;

/**
 * The one event loop of a load process and its streams. {@link #execute} is for any
 * thread, everything else for the loop.
 */
final class LoadLoop {

	/** Source addresses: each has some 28 000 ports. */
	private static final int ADDRESSES = 50;

	private static final int READ_BUFFER = 65_536;

	private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());

	private final Tally tally = new Tally();

	private final WireBytes wireBytes = new WireBytes(this.tally);

	private final List<Channel> channels = new ArrayList<>();

	private char phase = 'A';

	private boolean closing;

	private @Nullable Opening opening;

	private int explained;

	/** A wave of opens. */
	private static final class Opening {

		private final StreamTarget target;

		private final List<byte[]> requests;

		private final int first;

		private final int concurrency;

		private final double perNano;

		private final long began;

		private final LongConsumer done;

		private int begun;

		private int settled;

		private Opening(StreamTarget target, List<byte[]> requests, int first, int concurrency, double rate,
				LongConsumer done) {
			this.target = target;
			this.requests = requests;
			this.first = first;
			this.concurrency = concurrency;
			this.perNano = rate / 1e9;
			this.began = System.nanoTime();
			this.done = done;
		}

		private int allowed(long now) {
			int due = (this.perNano > 0) ? 1 + (int) ((now - this.began) * this.perNano) : this.requests.size();
			return Math.min(Math.min(due, this.settled + this.concurrency), this.requests.size());
		}

	}

	void execute(Runnable task) {
		this.group.next().execute(task);
	}

	Tally tally() {
		return this.tally;
	}

	char phase() {
		return this.phase;
	}

	boolean isClosing() {
		return this.closing;
	}

	void begin(char next) {
		this.phase = next;
		this.tally.clear();
		this.explained = 0;
	}

	/**
	 * Opens streams.
	 * @param concurrency how many may be on their way at once
	 * @param rate opens a second, 0 for as many as there can be
	 * @param done is told how long it took, in nanoseconds
	 */
	void open(StreamTarget target, List<byte[]> requests, int first, int concurrency, double rate, LongConsumer done) {
		this.opening = new Opening(target, requests, first, concurrency, rate, done);
		advance();
	}

	/** One open is decided. */
	void settled() {
		if (this.opening != null) {
			this.opening.settled++;
			advance();
		}
	}

	private void advance() {
		Opening current = this.opening;
		if (current == null) {
			return;
		}
		long now = System.nanoTime();
		while (current.begun < current.allowed(now)) {
			connect(current, current.begun++);
		}
		if (current.settled == current.requests.size()) {
			this.opening = null;
			current.done.accept(System.nanoTime() - current.began);
		}
		else if (current.perNano > 0 && current.begun < current.requests.size()) {
			this.group.next().schedule(this::advance, 1, TimeUnit.MILLISECONDS);
		}
	}

	private void connect(Opening current, int index) {
		int number = current.first + index;
		byte[] request = current.requests.get(index);
		StreamHandler handler = new StreamHandler(this, request, System.nanoTime());
		ChannelFuture future = new Bootstrap().group(this.group)
			.channel(EpollSocketChannel.class)
			.option(ChannelOption.TCP_NODELAY, true)
			.option(EpollChannelOption.IP_BIND_ADDRESS_NO_PORT, true)
			.option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(READ_BUFFER))
			.handler(new ChannelInitializer<>() {
				@Override
				protected void initChannel(Channel channel) {
					channel.pipeline().addLast(LoadLoop.this.wireBytes);
					if (current.target.gzip()) {
						channel.pipeline()
							.addLast(new HttpResponseDecoder(), new HttpContentDecompressor(0), new Unframed());
					}
					channel.pipeline().addLast(handler);
				}
			})
			.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), current.target.port(number)),
					new InetSocketAddress("127.0.0." + (2 + number % ADDRESSES), 0));
		this.channels.add(future.channel());
		future.addListener((connected) -> {
			if (!connected.isSuccess()) {
				this.tally.errors++;
				explain(String.valueOf(connected.cause()));
				settled();
			}
		});
	}

	/** The first few failures of a phase are told in full. */
	void explain(String text) {
		if (this.explained++ < 3) {
			System.err.println(text.lines().limit(12).toList());
		}
	}

	/** Stops or goes on reading, from the first stream on. */
	void reading(int count, boolean on) {
		for (int i = 0; i < Math.min(count, this.channels.size()); i++) {
			this.channels.get(i).config().setAutoRead(on);
		}
	}

	void close() {
		this.closing = true;
		this.channels.forEach(Channel::close);
		this.channels.clear();
		this.closing = false;
	}

	void shutdown() {
		this.group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
	}

}
