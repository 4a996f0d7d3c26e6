package io.fanfare.node.stream;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.fanfare.node.connection.DirectMemory;
import io.fanfare.node.connection.Unflushed;
import io.fanfare.protocol.guard.Errors;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A socket of the stream port whose client reads when it is told to. */
@EnabledOnOs(OS.LINUX)
class NettyOutletTests {

	private static final byte[] BLOCK = new byte[60_000];

	private static final DirectMemory USED_UP = new DirectMemory(() -> 1 << 20, 1 << 20);

	private static final DirectMemory PLENTY = new DirectMemory(() -> 0, 1 << 20);

	private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());

	private final CompletableFuture<Channel> accepted = new CompletableFuture<>();

	private final Socket client = new Socket();

	private NettyOutlet outlet;

	private Channel channel;

	@BeforeEach
	void open() throws Exception {
		assertThat(Epoll.isAvailable()).isTrue();
		ServerBootstrap bootstrap = new ServerBootstrap().group(this.group)
			.channel(EpollServerSocketChannel.class)
			.childHandler(new ChannelInitializer<>() {
				@Override
				protected void initChannel(Channel opened) {
					NettyOutletTests.this.accepted.complete(opened);
				}
			});
		StreamPort.setSocketOptions(bootstrap, 128 * 1024);
		Channel server = bootstrap.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).sync().channel();
		this.client.setReceiveBufferSize(4096);
		this.client.connect(server.localAddress());
		this.channel = this.accepted.get(10, TimeUnit.SECONDS);
		Errors errors = new Errors(System::nanoTime, (where) -> {
		}, Errors::halt);
		this.outlet = new NettyOutlet(this.channel, errors, null, "", new RefusalForm(false, false, 503, false, null),
				false, null);
	}

	@AfterEach
	void close() throws IOException {
		this.client.close();
		this.group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
	}

	private <T> T onLoop(Callable<T> task) throws Exception {
		return this.channel.eventLoop().submit(task).get(10, TimeUnit.SECONDS);
	}

	/** Returns how many blocks were written before the socket took no more. */
	private int fill(byte[] block) throws Exception {
		return onLoop(() -> {
			int blocks = 0;
			while (this.outlet.isWritable(block.length) && blocks < 1_000) {
				this.outlet.write(block);
				blocks++;
			}
			return blocks;
		});
	}

	private boolean hasRoom() throws Exception {
		return onLoop(() -> this.outlet.isWritable(BLOCK.length));
	}

	private void read(long bytes) throws IOException {
		long left = bytes;
		while (left > 0) {
			int read = this.client.getInputStream().readNBytes((int) Math.min(left, 8192)).length;
			assertThat(read).isPositive();
			left -= read;
		}
	}

	@ParameterizedTest
	@ValueSource(ints = { 500, 8_000, 60_000 })
	void whileMemoryIsScarceAReaderThatStallsHoldsNone(int bytes) throws Exception {
		this.outlet.count(new Unflushed(-1, USED_UP));
		assertThat(fill(new byte[bytes])).isPositive();
		assertThat(onLoop(this.outlet::pendingBytes)).isZero();
		assertThat(onLoop(() -> this.outlet.isWritable(bytes))).isFalse();
		assertThat(onLoop(() -> this.outlet.isWritable())).as("a block of a few bytes").isFalse();
		long drained = onLoop(this.outlet::drainedBytes);
		assertThat(drained).isPositive();
		read(drained);
		await().atMost(Duration.ofSeconds(10)).until(() -> onLoop(() -> this.outlet.isWritable(bytes)));
		assertThat(onLoop(() -> this.outlet.isWritable())).isTrue();
	}

	@Test
	void whileMemoryIsScarceASmallBufferLeavesOnePieceAndNoneWhenItIsNearlyUsedUp() throws Exception {
		onLoop(() -> this.channel.config().setOption(ChannelOption.SO_SNDBUF, 8 * 1024));
		this.outlet.count(new Unflushed(-1, USED_UP));
		assertThat(fill(BLOCK)).isZero();
		assertThat(onLoop(() -> this.outlet.isWritable())).as("memory is missing, not the client").isTrue();
		this.outlet.count(new Unflushed(-1, PLENTY));
		assertThat(fill(BLOCK)).isOne();
		long pending = onLoop(this.outlet::pendingBytes);
		assertThat(pending).isBetween(1L, 60_100L);
		read(pending + onLoop(this.outlet::drainedBytes));
		await().atMost(Duration.ofSeconds(10)).until(this::hasRoom);
	}

	@Test
	void whatTheKernelDoesNotTakeIsCountedUntilItDoes() throws Exception {
		Unflushed enough = new Unflushed(50_000, PLENTY);
		this.outlet.count(enough);
		assertThat(fill(BLOCK)).isPositive();
		long pending = onLoop(this.outlet::pendingBytes);
		assertThat(pending).isBetween(1L, 64 * 1024L + BLOCK.length + 64);
		long all = pending + onLoop(this.outlet::drainedBytes);
		read(all);
		await().atMost(Duration.ofSeconds(10)).until(() -> onLoop(this.outlet::pendingBytes) == 0);
		assertThat(onLoop(this.outlet::drainedBytes)).isEqualTo(all);
		assertThat(onLoop(enough::isOver)).isFalse();
	}

}
