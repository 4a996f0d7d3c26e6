package io.fanfare.node.stream;

import java.io.IOException;
import java.net.SocketException;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Errors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

@EnabledOnOs(OS.LINUX)
class SocketResetTests {

	/** ETIMEDOUT of Linux: the kernel of the client acknowledged nothing. */
	private static final int TIMED_OUT = -110;

	/** The numbers of errors come from the library. */
	@BeforeAll
	static void load() {
		assertThat(Epoll.isAvailable()).isTrue();
	}

	@Test
	void aResetIsNoFailureOfTheNetwork() {
		assertThat(SocketReset.is(new Errors.NativeIoException("read", Errors.ERRNO_ECONNRESET_NEGATIVE))).isTrue();
		assertThat(SocketReset.is(new Errors.NativeIoException("write", Errors.ERRNO_EPIPE_NEGATIVE))).isTrue();
		assertThat(SocketReset.is(new SocketException("Connection reset"))).isTrue();
	}

	@Test
	void anotherErrorIsOne() {
		assertThat(SocketReset.is(new Errors.NativeIoException("read", TIMED_OUT))).isFalse();
		assertThat(SocketReset.is(new SocketException("Connection timed out"))).isFalse();
		assertThat(SocketReset.is(new IOException("Connection reset"))).isFalse();
		assertThat(SocketReset.is(new IllegalStateException())).isFalse();
	}

}
