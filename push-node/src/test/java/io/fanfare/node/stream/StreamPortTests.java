package io.fanfare.node.stream;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketChannelConfig;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class StreamPortTests {

	private static final int SEND_BUFFER = 98_304;

	@Test
	void acceptedSocketsHaveTheOptionsOfAStream() throws Exception {
		MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1,
				Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
		Class<? extends ServerChannel> type = Epoll.isAvailable() ? EpollServerSocketChannel.class
				: NioServerSocketChannel.class;
		CompletableFuture<SocketChannel> accepted = new CompletableFuture<>();
		ServerBootstrap bootstrap = new ServerBootstrap().group(group)
			.channel(type)
			.childHandler(new ChannelInitializer<SocketChannel>() {
				@Override
				protected void initChannel(SocketChannel channel) {
					accepted.complete(channel);
				}
			});
		StreamPort.setSocketOptions(bootstrap, SEND_BUFFER);
		Channel server = bootstrap.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).sync().channel();
		InetSocketAddress address = (InetSocketAddress) server.localAddress();
		try (Socket client = new Socket(address.getAddress(), address.getPort())) {
			assertThat(client.isConnected()).isTrue();
			SocketChannelConfig config = accepted.get(5, TimeUnit.SECONDS).config();
			assertThat(config.isKeepAlive()).isTrue();
			assertThat(config.isTcpNoDelay()).isTrue();
			// Linux reserves as much again for its own records.
			assertThat(config.getSendBufferSize()).isIn(SEND_BUFFER, 2 * SEND_BUFFER);
		}
		finally {
			group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
		}
	}

}
