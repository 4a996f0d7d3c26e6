package io.fanfare.node.stream;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import io.fanfare.node.connection.LoopExecutor;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.ratelimit.SocketLimits;
import io.fanfare.protocol.settings.InvalidSettingException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * The stream port: a server socket and the event loops that own what it accepts. Native
 * epoll where there is one.
 */
final class StreamPort {

	static final String DECODER = "decoder";

	static final String AGGREGATOR = "aggregator";

	/**
	 * What may lie unsent in the process before a stream is left alone, and when it is
	 * taken up again.
	 */
	private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(16 * 1024, 64 * 1024);

	/** Linux' {@code SOL_SOCKET}. */
	private static final int SOL_SOCKET = 1;

	private static final IntegerUnixChannelOption SEND_BUFFER = new IntegerUnixChannelOption("SO_SNDBUF", SOL_SOCKET,
			7);

	private static final IntegerUnixChannelOption KEEPALIVE = new IntegerUnixChannelOption("SO_KEEPALIVE", SOL_SOCKET,
			9);

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

	private final StreamSettings settings;

	private final MultiThreadIoEventLoopGroup group;

	/** In the order of their threads' numbers. */
	private final Map<EventLoop, StreamLoop> loops = new LinkedHashMap<>();

	private @Nullable Channel server;

	/**
	 * Makes the loops.
	 * @param settings the settings
	 * @param name what the threads are called after
	 * @param makeLoop makes what runs on each
	 */
	StreamPort(StreamSettings settings, String name, Function<LoopExecutor, StreamLoop> makeLoop) {
		this.settings = settings;
		IoHandlerFactory io = Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
		this.group = new MultiThreadIoEventLoopGroup(settings.loopCount(),
				new DefaultThreadFactory("fanfare-stream-" + name, true), io);
		this.group.forEach((executor) -> {
			SingleThreadEventLoop loop = (SingleThreadEventLoop) executor;
			this.loops.put(loop, makeLoop.apply(new NettyLoop(loop)));
		});
	}

	List<StreamLoop> loops() {
		return new ArrayList<>(this.loops.values());
	}

	/** Binds; fails with what names port and setting. */
	void bind(RequestHandler.Gate gate) {
		Class<? extends ServerChannel> type = Epoll.isAvailable() ? EpollServerSocketChannel.class
				: NioServerSocketChannel.class;
		HttpDecoderConfig decoding = new HttpDecoderConfig().setMaxInitialLineLength(this.settings.maxRequestLine())
			.setMaxHeaderSize(StreamSettings.MAX_HEADERS);
		ServerBootstrap bootstrap = new ServerBootstrap().group(this.group)
			.channel(type)
			.option(ChannelOption.SO_BACKLOG, this.settings.backlog())
			.option(ChannelOption.SO_REUSEADDR, true)
			.childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
			.childHandler(new ChannelInitializer<SocketChannel>() {
				@Override
				protected void initChannel(SocketChannel channel) {
					StreamLoop loop = StreamPort.this.loops.get(channel.eventLoop());
					if (loop == null) {
						throw new IllegalStateException("A channel on a foreign loop");
					}
					SocketLimits.Verdict verdict = count(gate.sockets(), channel);
					if (verdict == SocketLimits.Verdict.CLOSED) {
						channel.close();
						return;
					}
					RequestHandler handler = new RequestHandler(gate, loop, verdict == SocketLimits.Verdict.CROWDED);
					channel.pipeline()
						.addLast(DECODER,
								new RequestDecoder(decoding, handler,
										(gate.sockets() != null) ? gate.sockets().arriving() : null))
						.addLast(AGGREGATOR, new RequestAggregator(gate.cors(), gate.answers()))
						.addLast(handler);
				}
			});
		setSocketOptions(bootstrap, (int) this.settings.sendBuffer().toBytes());
		InetSocketAddress address = new InetSocketAddress(this.settings.address(), this.settings.port());
		ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
		if (!bound.isSuccess()) {
			throw new InvalidSettingException("fanfare.stream.port", "cannot be bound to " + address.getHostString()
					+ ":" + address.getPort() + " (" + bound.cause().getMessage() + "): set it to a free port, or "
					+ InvalidSettingException.named("fanfare.stream.address") + " to an address of this machine");
		}
		this.server = bound.channel();
	}

	private static SocketLimits.Verdict count(@Nullable SocketLimits sockets, SocketChannel channel) {
		InetSocketAddress peer = channel.remoteAddress();
		if (sockets == null || peer == null) {
			return SocketLimits.Verdict.SERVED;
		}
		SocketLimits.Entry entry = sockets.enter(peer.getAddress());
		channel.closeFuture().addListener((closed) -> sockets.leave(entry));
		return entry.verdict();
	}

	/**
	 * On Linux a socket has these from the one that accepted it, which saves each stream
	 * some system calls. Netty sets {@code TCP_NODELAY} itself.
	 */
	static void setSocketOptions(ServerBootstrap bootstrap, int sendBuffer) {
		if (Epoll.isAvailable()) {
			bootstrap.option(KEEPALIVE, 1).option(SEND_BUFFER, sendBuffer);
		}
		else {
			bootstrap.childOption(ChannelOption.SO_KEEPALIVE, true).childOption(ChannelOption.SO_SNDBUF, sendBuffer);
		}
	}

	/** The port it is bound to. */
	int port() {
		Channel bound = this.server;
		return (bound != null) ? ((InetSocketAddress) bound.localAddress()).getPort() : -1;
	}

	/** Admits no stream any more. */
	void unbind() {
		if (this.server != null) {
			this.server.close().awaitUninterruptibly(STOP_TIMEOUT.toMillis());
		}
	}

	/** Ends the loops, after what they still have to write. */
	void stop() {
		this.group.shutdownGracefully(200, STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
			.awaitUninterruptibly(STOP_TIMEOUT.toMillis() + 1000);
	}

}
