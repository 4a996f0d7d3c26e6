package io.fanfare.node.stream;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import io.fanfare.protocol.guard.LoggedErrors;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class LingeringCloseTests {

	@Test
	void aChannelThatStaysOpenIsClosedInTime() {
		EmbeddedChannel channel = new EmbeddedChannel();
		channel.freezeTime();
		LingeringClose.closeAfter(channel, 2);
		channel.advanceTimeBy(1999, TimeUnit.MILLISECONDS);
		channel.runScheduledPendingTasks();
		assertThat(channel.isOpen()).isTrue();
		channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
		channel.runScheduledPendingTasks();
		assertThat(channel.isOpen()).isFalse();
	}

	@Test
	void aChannelThatClosesLeavesNoTimer() {
		EmbeddedChannel channel = new EmbeddedChannel();
		LingeringClose.closeAfter(channel, 2);
		assertThat(channel.runScheduledPendingTasks()).as("until the next timer").isPositive();
		// Past the embedded channel itself, whose close would cancel all timers.
		channel.pipeline().close();
		assertThat(channel.isOpen()).isFalse();
		assertThat(channel.runScheduledPendingTasks()).as("until the next timer").isEqualTo(-1);
	}

	@Test
	void anErrorOfTheVirtualMachineIsLoggedAndSoEndsTheProcess() {
		AtomicReference<Throwable> fatal = new AtomicReference<>();
		try (LoggedErrors watched = LoggedErrors.watch(fatal::set)) {
			new EmbeddedChannel(new LingeringClose()).pipeline().fireExceptionCaught(new IOException("reset"));
			EmbeddedChannel channel = new EmbeddedChannel(new LingeringClose());
			assertThat(fatal.get()).isNull();
			OutOfMemoryError error = new OutOfMemoryError("Java heap space");
			channel.pipeline().fireExceptionCaught(error);
			assertThat(fatal.get()).isSameAs(error);
			assertThat(channel.isOpen()).isFalse();
		}
	}

}
