package io.fanfare.node.connection;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.LongStream;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class InboxTests {

	static Message message(long id) {
		return Message.render(id, ChannelName.ALL,
				new Envelope("message", ("m" + id).getBytes(StandardCharsets.UTF_8), 0, 0, false, null));
	}

	private static List<Object> drain(Inbox inbox) {
		List<Object> items = new ArrayList<>();
		Object item;
		while ((item = inbox.poll()) != null) {
			items.add(item);
		}
		return items;
	}

	private static void nothing() {
	}

	@Test
	void messagesAndTasksKeepTheirOrder() {
		Inbox inbox = new Inbox(2, Long.MAX_VALUE, InboxTests::nothing, InboxTests::nothing);
		Message first = message(1);
		Message second = message(2);
		Runnable task = () -> {
		};
		inbox.add(first);
		inbox.add(task);
		inbox.add(second);
		assertThat(drain(inbox)).containsExactly(first, task, second);
		assertThat(inbox.isEmpty()).isTrue();
	}

	@Test
	void whatComesAboveTheLimitIsDroppedUntilTheLoopReopens() {
		Runnable recover = () -> {
		};
		Inbox inbox = new Inbox(1, Long.MAX_VALUE, InboxTests::nothing, recover);
		Message first = message(1);
		inbox.add(first);
		inbox.add(message(2));
		inbox.add(message(4));
		inbox.add(message(3));
		assertThat(drain(inbox)).containsExactly(first, recover);
		inbox.add(message(5));
		assertThat(drain(inbox)).isEmpty();
		assertThat(inbox.reopen()).isEqualTo(5);
		Message next = message(6);
		inbox.add(next);
		assertThat(drain(inbox)).containsExactly(next);
	}

	@Test
	void tasksAreNeverDropped() {
		Inbox inbox = new Inbox(0, Long.MAX_VALUE, InboxTests::nothing, InboxTests::nothing);
		inbox.add(message(1));
		Runnable task = () -> {
		};
		inbox.add(task);
		assertThat(drain(inbox)).endsWith(task);
	}

	/**
	 * Producers race the loop: each message arrives, or lies below what it is told of.
	 */
	@Test
	void noMessageIsDroppedUntold() throws Exception {
		int producers = 2;
		int messages = 20_000;
		List<Long> told = new ArrayList<>();
		List<Long> arrived = new ArrayList<>();
		Inbox[] inbox = new Inbox[1];
		inbox[0] = new Inbox(3, Long.MAX_VALUE, InboxTests::nothing, () -> told.add(inbox[0].reopen()));
		CyclicBarrier barrier = new CyclicBarrier(producers + 1);
		List<Thread> threads = new ArrayList<>();
		for (int producer = 0; producer < producers; producer++) {
			int remainder = producer;
			threads.add(Thread.ofPlatform().start(() -> {
				try {
					barrier.await();
				}
				catch (Exception ex) {
					throw new IllegalStateException(ex);
				}
				for (int i = 0; i < messages; i++) {
					inbox[0].add(message(1L + (long) i * producers + remainder));
				}
			}));
		}
		barrier.await();
		long promised = 0;
		while (threads.stream().anyMatch(Thread::isAlive) || !inbox[0].isEmpty()) {
			Object item = inbox[0].poll();
			if (item instanceof Message message) {
				arrived.add(message.id());
			}
			else if (item instanceof Runnable task) {
				task.run();
				promised = Math.max(promised, told.getLast());
			}
		}
		long highest = promised;
		assertThat(told).isNotEmpty().allMatch((id) -> id > 0);
		assertThat(arrived.stream().filter((id) -> id > highest).sorted()).containsExactlyElementsOf(
				LongStream.rangeClosed(highest + 1, (long) producers * messages).boxed().toList());
	}

}
