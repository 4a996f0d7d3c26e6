package io.fanfare.node.encoding;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class OwedTests {

	private final Owed owed = new Owed(1 << 20);

	private static Message message(long id, int size) {
		return Message.render(id, ChannelName.ALL,
				new Envelope("message", "x".repeat(size).getBytes(StandardCharsets.UTF_8), 0, 0, false, null));
	}

	@Test
	void aMessageOwedToManyCountsOnce() {
		Message shared = message(1, 1000);
		Backlog[] held = new Backlog[100];
		Arrays.setAll(held, (i) -> this.owed.append(this.owed.nothing(), shared));
		assertThat(this.owed.bytes()).isEqualTo(Owed.size(shared) + Owed.NODE_BYTES);
		Message own = message(2, 10);
		held[7] = this.owed.append(held[7], own);
		assertThat(this.owed.bytes()).isEqualTo(Owed.size(shared) + Owed.size(own) + 2 * Owed.NODE_BYTES);
		assertThat(this.owed.ownBytes(held[7])).isEqualTo(Owed.size(own) + Owed.NODE_BYTES);
		assertThat(this.owed.ownBytes(held[8])).isZero();
		for (Backlog each : held) {
			this.owed.drop(each);
		}
		assertThat(this.owed.bytes()).isZero();
	}

	@Test
	void aMessageOnTwoPathsCountsOnceAndItsNodesTwice() {
		Message first = message(1, 10);
		Message second = message(2, 10);
		Backlog both = this.owed.append(this.owed.append(this.owed.nothing(), first), second);
		Backlog one = this.owed.append(this.owed.nothing(), second);
		assertThat(this.owed.bytes()).isEqualTo(Owed.size(first) + Owed.size(second) + 3 * Owed.NODE_BYTES);
		this.owed.drop(both);
		assertThat(this.owed.bytes()).isEqualTo(Owed.size(second) + Owed.NODE_BYTES);
		this.owed.drop(one);
		assertThat(this.owed.bytes()).isZero();
	}

	@Test
	void whatLiesAboveAPositionIsKept() {
		Backlog held = this.owed.nothing();
		for (int id = 1; id <= 5; id++) {
			held = this.owed.append(held, message(id, 10));
		}
		assertThat(this.owed.above(held, 0)).isSameAs(held);
		held = this.owed.above(held, 3);
		assertThat(held.messages()).extracting(Message::id).containsExactly(4L, 5L);
		assertThat(held.firstId()).isEqualTo(4);
		assertThat(this.owed.above(held, 5)).isSameAs(this.owed.nothing());
		assertThat(this.owed.bytes()).isZero();
	}

	@Test
	void aPathThatNobodyIsOwedAnyMoreIsNotRemembered() {
		Message first = message(1, 10);
		Backlog stays = this.owed.append(this.owed.nothing(), first);
		Backlog goes = this.owed.append(this.owed.append(this.owed.nothing(), first), message(2, 10));
		Backlog same = stays.append(goes.message());
		assertThat(same).isSameAs(goes);
		this.owed.drop(goes);
		assertThat(stays.append(goes.message())).isNotSameAs(goes);
	}

	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 })
	void theBytesAreThoseOfANaiveSumAfterEveryStep(long seed) {
		Random random = new Random(seed);
		Backlog[] held = new Backlog[12];
		Arrays.fill(held, this.owed.nothing());
		List<Message> recent = new ArrayList<>();
		BroadcastLog log = new BroadcastLog(this.owed);
		List<Message> logged = new ArrayList<>();
		SharedChunk chunk = new SharedChunk(this.owed);
		Backlog written = this.owed.nothing();
		long id = 0;
		for (int step = 0; step < 4_000; step++) {
			int who = random.nextInt(held.length);
			switch (random.nextInt(8)) {
				case 0, 1, 2 -> {
					if (recent.isEmpty() || random.nextInt(3) == 0) {
						recent.add(message(++id, random.nextInt(2_000)));
					}
					Message next = recent.get(recent.size() - 1 - random.nextInt(Math.min(3, recent.size())));
					held[who] = this.owed.append(held[who], next);
				}
				case 3 -> {
					Message next = message(++id, 100);
					recent.add(next);
					for (int i = 0; i < held.length; i++) {
						held[i] = this.owed.append(held[i], next);
					}
				}
				case 4 -> {
					written = held[who];
					chunk.of(written);
					held[who] = this.owed.nothing();
					this.owed.drop(written);
				}
				case 5 -> {
					if (!held[who].isEmpty()) {
						Message[] messages = held[who].messages();
						Arrays.sort(messages, (a, b) -> Long.compare(a.id(), b.id()));
						held[who] = this.owed.above(held[who], messages[random.nextInt(messages.length)].id());
					}
				}
				case 6 -> {
					if (!recent.isEmpty()) {
						Message next = recent.getLast();
						log.add(null, next);
						logged.add(next);
					}
				}
				default -> {
					log.forget(log.head());
					logged.clear();
					if (random.nextInt(4) == 0) {
						chunk.drop();
						written = this.owed.nothing();
					}
				}
			}
			assertThat(this.owed.bytes()).as("seed %d, step %d", seed, step).isEqualTo(naive(held, written, logged));
		}
		log.forget(log.head());
		chunk.close();
		for (Backlog each : held) {
			this.owed.drop(each);
		}
		assertThat(this.owed.bytes()).as("seed %d", seed).isZero();
	}

	private static long naive(Backlog[] held, Backlog written, List<Message> logged) {
		Set<Backlog> nodes = Collections.newSetFromMap(new IdentityHashMap<>());
		Set<Message> messages = Collections.newSetFromMap(new IdentityHashMap<>());
		List<Backlog> all = new ArrayList<>(List.of(held));
		all.add(written);
		for (Backlog each : all) {
			for (Backlog node = each; !node.isEmpty(); node = node.parent()) {
				nodes.add(node);
				messages.add(node.message());
			}
		}
		messages.addAll(logged);
		return (long) nodes.size() * Owed.NODE_BYTES + messages.stream().mapToLong(Owed::size).sum();
	}

}
