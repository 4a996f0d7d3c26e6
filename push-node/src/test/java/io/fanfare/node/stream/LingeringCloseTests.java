package io.fanfare.node.stream;

import java.util.concurrent.TimeUnit;

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

}
