package io.fanfare.node.broker;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.LongConsumer;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class SubscriptionsTests {

	/** One and the same: what gives up names what it wanted with. */
	private final LongConsumer nobody = SubscriptionsTests::ignore;

	private final Subscriptions subscriptions = new Subscriptions();

	private static byte[] channel(int number) {
		return ("ch:" + number).getBytes(StandardCharsets.UTF_8);
	}

	private static String text(byte[] channel) {
		return new String(channel, StandardCharsets.UTF_8);
	}

	/** Sends all that is due and answers it. Returns the commands. */
	private List<Subscriptions.Command> exchange() {
		List<Subscriptions.Command> sent = new ArrayList<>();
		Deque<byte[]> unanswered = new ArrayDeque<>();
		while (true) {
			Subscriptions.Command next = this.subscriptions.next();
			if (next == null && unanswered.isEmpty()) {
				return sent;
			}
			if (next == null) {
				this.subscriptions.answered(unanswered.remove());
				continue;
			}
			assertThat(next.channels().length).isBetween(1, Subscriptions.BATCH);
			sent.add(next);
			if (next.subscribe()) {
				unanswered.addAll(List.of(next.channels()));
			}
			assertThat(unanswered.size()).isLessThanOrEqualTo(Subscriptions.WINDOW)
				.isEqualTo(this.subscriptions.unanswered());
		}
	}

	@ParameterizedTest
	@ValueSource(ints = { 1_000, 8_000, 64_000 })
	void aLinkCostsTheSameForEachChannelHoweverManyThereAre(int channels) {
		int[] confirmations = new int[1];
		for (int i = 0; i < channels; i++) {
			this.subscriptions.want(channel(i), (link) -> confirmations[0]++);
		}
		assertThat(this.subscriptions.next()).as("nothing is sent without a link").isNull();
		long before = this.subscriptions.steps();
		this.subscriptions.begin(1);
		List<Subscriptions.Command> sent = exchange();
		assertThat(this.subscriptions.isComplete()).isTrue();
		assertThat(confirmations[0]).isEqualTo(channels);
		assertThat(sent).hasSize(Math.ceilDiv(channels, Subscriptions.BATCH));
		assertThat(this.subscriptions.steps() - before).isLessThanOrEqualTo(5L * channels);
	}

	private static void ignore(long link) {
	}

	@Test
	void aLinkIsCompleteOnceAllIsConfirmedThatWasWantedWhenItBegan() {
		this.subscriptions.want(channel(1), this.nobody);
		this.subscriptions.want(channel(2), this.nobody);
		assertThat(this.subscriptions.isComplete()).isFalse();
		this.subscriptions.begin(1);
		this.subscriptions.next();
		this.subscriptions.want(channel(3), this.nobody);
		this.subscriptions.answered(channel(1));
		assertThat(this.subscriptions.isComplete()).isFalse();
		this.subscriptions.giveUp(channel(2), this.nobody);
		assertThat(this.subscriptions.isComplete()).isTrue();
		this.subscriptions.end();
		assertThat(this.subscriptions.isComplete()).isFalse();
	}

	@Test
	void anAnswerToAnEarlierSubscribeConfirmsNothing() {
		List<Long> told = new ArrayList<>();
		this.subscriptions.begin(7);
		this.subscriptions.want(channel(1), this.nobody);
		this.subscriptions.next();
		this.subscriptions.giveUp(channel(1), this.nobody);
		assertThat(this.subscriptions.next().subscribe()).isFalse();
		this.subscriptions.want(channel(1), told::add);
		this.subscriptions.next();
		this.subscriptions.answered(channel(1));
		assertThat(told).isEmpty();
		this.subscriptions.answered(channel(1));
		assertThat(told).containsExactly(7L);
	}

	@Test
	void whatIsWantedAgainBeforeItWasGivenUpInRedisStaysConfirmed() {
		List<Long> told = new ArrayList<>();
		this.subscriptions.begin(7);
		this.subscriptions.want(channel(1), this.nobody);
		exchange();
		this.subscriptions.giveUp(channel(1), this.nobody);
		this.subscriptions.want(channel(1), told::add);
		assertThat(told).containsExactly(7L);
		assertThat(exchange()).isEmpty();
	}

	@Test
	void whatIsWantedAgainBeforeItsFirstCommandWasSentIsConfirmed() {
		List<Long> told = new ArrayList<>();
		this.subscriptions.begin(7);
		this.subscriptions.want(channel(1), this.nobody);
		this.subscriptions.giveUp(channel(1), this.nobody);
		this.subscriptions.want(channel(1), told::add);
		exchange();
		assertThat(told).containsExactly(7L);
		assertThat(this.subscriptions.size()).isOne();
		assertThat(this.subscriptions.unanswered()).isZero();
	}

	/** In any order of events Redis and the table agree once all is answered. */
	@Test
	void whateverHappensRedisIsSubscribedToWhatIsWanted() {
		long seed = System.nanoTime();
		Random random = new Random(seed);
		Map<Integer, List<LongConsumer>> wanted = new HashMap<>();
		Map<LongConsumer, Long> told = new HashMap<>();
		Set<String> redis = new HashSet<>();
		Deque<byte[]> answers = new ArrayDeque<>();
		long link = 1;
		this.subscriptions.begin(link);
		for (int i = 0; i < 200_000; i++) {
			int number = random.nextInt(20);
			switch (random.nextInt(12)) {
				case 0, 1, 2 -> {
					LongConsumer one = new LongConsumer() {
						@Override
						public void accept(long by) {
							told.put(this, by);
						}
					};
					wanted.computeIfAbsent(number, (key) -> new ArrayList<>()).add(one);
					this.subscriptions.want(channel(number), one);
				}
				case 3, 4, 5 -> {
					List<LongConsumer> all = wanted.getOrDefault(number, List.of());
					if (!all.isEmpty()) {
						this.subscriptions.giveUp(channel(number), all.removeLast());
					}
				}
				case 6, 7 -> send(this.subscriptions.next(), redis, answers);
				case 8, 9, 10 -> {
					if (!answers.isEmpty()) {
						this.subscriptions.answered(answers.remove());
					}
				}
				default -> {
					int rare = random.nextInt(50);
					if (rare == 0) {
						redis.clear();
						answers.clear();
						this.subscriptions.begin(++link);
					}
					else if (rare == 1) {
						settle(redis, answers);
						assertAgreement(seed, link, wanted, told, redis);
					}
				}
			}
		}
		settle(redis, answers);
		assertAgreement(seed, link, wanted, told, redis);
	}

	private static void send(Subscriptions.@Nullable Command command, Set<String> redis, Deque<byte[]> answers) {
		for (byte[] channel : (command != null) ? command.channels() : new byte[0][]) {
			if (command.subscribe()) {
				redis.add(text(channel));
				answers.add(channel);
			}
			else {
				redis.remove(text(channel));
			}
		}
	}

	private void settle(Set<String> redis, Deque<byte[]> answers) {
		Subscriptions.Command next;
		while ((next = this.subscriptions.next()) != null || !answers.isEmpty()) {
			send(next, redis, answers);
			if (!answers.isEmpty()) {
				this.subscriptions.answered(answers.remove());
			}
		}
	}

	private void assertAgreement(long seed, long link, Map<Integer, List<LongConsumer>> wanted,
			Map<LongConsumer, Long> told, Set<String> redis) {
		Set<String> expected = new HashSet<>();
		wanted.forEach((number, all) -> {
			if (!all.isEmpty()) {
				expected.add(text(channel(number)));
			}
			all.forEach((one) -> assertThat(told.get(one)).as("seed %d, channel %d", seed, number).isEqualTo(link));
		});
		assertThat(redis).as("seed %d", seed).isEqualTo(expected);
		assertThat(this.subscriptions.size()).as("seed %d", seed).isEqualTo(expected.size());
		assertThat(this.subscriptions.isComplete()).as("seed %d", seed).isTrue();
		assertThat(this.subscriptions.unanswered()).as("seed %d", seed).isZero();
	}

}
