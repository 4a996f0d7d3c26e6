package io.fanfare.node.broker;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

import org.jspecify.annotations.Nullable;

/**
 * The pub/sub channels that the node wants, what Redis was asked for on the present link,
 * and what it confirmed. Belongs to the link's thread.
 * <p>
 * A channel whose wanted state differs from what was asked for is due. What is due is
 * sent in commands of at most {@link #BATCH} channels, for a longer one would hold up
 * Redis, and no more than {@link #WINDOW} channels wait for an answer at a time, so that
 * no answer comes late because of those before it. Each call costs the same however many
 * channels there are, but {@link #begin} and {@link #end}, which look at each once.
 * <p>
 * A subscription counts as confirmed when the answers to all SUBSCRIBEs sent for it on
 * this link have come: an answer may be that of an earlier one, sent before an
 * UNSUBSCRIBE.
 */
final class Subscriptions {

	/** Channels in one command. */
	static final int BATCH = 500;

	/** Channels that wait for an answer. */
	static final int WINDOW = 4 * BATCH;

	private final Map<ByteBuffer, Subscription> byChannel = new HashMap<>();

	/** Those whose wanted state may differ from what was asked for. */
	private final Deque<Subscription> due = new ArrayDeque<>();

	/** The number of the present link, 0 for none. */
	private long link;

	/** How many of those wanted when the link began it still lacks. */
	private int missing;

	/** How many answers are still to come. */
	private int unanswered;

	/** How often a channel was looked at, to see what a link costs. */
	private long steps;

	private static final class Subscription {

		private final byte[] channel;

		/**
		 * What is notified of each confirmation, by identity: one for each loop that
		 * wants it.
		 */
		private final List<LongConsumer> wanted = new ArrayList<>(1);

		private boolean due;

		/** Whether the last command for it on this link was SUBSCRIBE. */
		private boolean asked;

		private int unanswered;

		private boolean confirmed;

		/** Whether the link is not up without it. */
		private boolean needed;

		private Subscription(byte[] channel) {
			this.channel = channel;
		}

	}

	/**
	 * One command that is to be sent.
	 *
	 * @param subscribe whether it is SUBSCRIBE, or UNSUBSCRIBE
	 * @param channels the channels
	 */
	record Command(boolean subscribe, byte[][] channels) {

	}

	/**
	 * Asks for a channel.
	 * @param channel the channel
	 * @param confirmed receives the number of each link on which Redis confirmed it; at
	 * once, if it has
	 */
	void want(byte[] channel, LongConsumer confirmed) {
		Subscription subscription = this.byChannel.computeIfAbsent(ByteBuffer.wrap(channel),
				(key) -> new Subscription(channel));
		subscription.wanted.add(confirmed);
		if (subscription.confirmed) {
			confirmed.accept(this.link);
		}
		else {
			due(subscription);
		}
	}

	/**
	 * Gives a channel up.
	 * @param channel the channel
	 * @param confirmed what was handed to {@link #want}
	 */
	void giveUp(byte[] channel, LongConsumer confirmed) {
		Subscription subscription = this.byChannel.get(ByteBuffer.wrap(channel));
		if (subscription == null || !subscription.wanted.removeIf((one) -> one == confirmed)
				|| !subscription.wanted.isEmpty()) {
			return;
		}
		unneeded(subscription);
		due(subscription);
		forgetIfUnused(subscription);
	}

	private void due(Subscription subscription) {
		if (this.link != 0 && !subscription.due) {
			subscription.due = true;
			this.due.add(subscription);
		}
	}

	private void unneeded(Subscription subscription) {
		if (subscription.needed) {
			subscription.needed = false;
			this.missing--;
		}
	}

	/**
	 * Forgets what is wanted no more. One that is still due stays until its turn: were it
	 * forgotten before, the same channel could be wanted anew meanwhile, and its turn
	 * would forget the new one, which is never confirmed then.
	 */
	private void forgetIfUnused(Subscription subscription) {
		if (subscription.wanted.isEmpty() && !subscription.asked && subscription.unanswered == 0 && !subscription.due) {
			this.byChannel.remove(ByteBuffer.wrap(subscription.channel));
		}
	}

	/**
	 * A new link is there, over which nothing was asked for yet.
	 * @param number its number
	 */
	void begin(long number) {
		end();
		this.link = number;
		for (Subscription subscription : this.byChannel.values()) {
			this.steps++;
			subscription.needed = true;
			this.missing++;
			due(subscription);
		}
	}

	/** The link is gone. */
	void end() {
		this.link = 0;
		this.missing = 0;
		this.unanswered = 0;
		this.due.clear();
		this.byChannel.values().removeIf((subscription) -> {
			this.steps++;
			subscription.due = false;
			subscription.asked = false;
			subscription.confirmed = false;
			subscription.needed = false;
			subscription.unanswered = 0;
			return subscription.wanted.isEmpty();
		});
	}

	/**
	 * What is to be sent next; it counts as sent.
	 * @return the command, or null where nothing is due, or too many answers are still to
	 * come
	 */
	@Nullable Command next() {
		List<byte[]> channels = new ArrayList<>();
		boolean subscribe = false;
		Subscription first;
		while (channels.size() < BATCH && (first = this.due.peek()) != null) {
			this.steps++;
			boolean wanted = !first.wanted.isEmpty();
			if (wanted != first.asked) {
				if (channels.isEmpty() ? wanted && this.unanswered > WINDOW - BATCH : wanted != subscribe) {
					break;
				}
				subscribe = wanted;
				channels.add(first.channel);
				ask(first, wanted);
			}
			this.due.remove();
			first.due = false;
			forgetIfUnused(first);
		}
		return channels.isEmpty() ? null : new Command(subscribe, channels.toArray(byte[][]::new));
	}

	private void ask(Subscription subscription, boolean wanted) {
		subscription.asked = wanted;
		subscription.confirmed = false;
		if (wanted) {
			subscription.unanswered++;
			this.unanswered++;
		}
	}

	/**
	 * A SUBSCRIBE was answered.
	 * @param channel for which channel
	 */
	void answered(byte[] channel) {
		this.steps++;
		Subscription subscription = this.byChannel.get(ByteBuffer.wrap(channel));
		if (subscription == null || subscription.unanswered == 0) {
			return;
		}
		this.unanswered--;
		if (--subscription.unanswered > 0) {
			return;
		}
		if (subscription.asked) {
			subscription.confirmed = true;
			unneeded(subscription);
			for (LongConsumer one : subscription.wanted) {
				one.accept(this.link);
			}
		}
		forgetIfUnused(subscription);
	}

	/** Whether all is confirmed that was wanted when the link began, and still is. */
	boolean isComplete() {
		return this.link != 0 && this.missing == 0;
	}

	/** How many answers are still to come. */
	int unanswered() {
		return this.unanswered;
	}

	int size() {
		return this.byChannel.size();
	}

	long steps() {
		return this.steps;
	}

}
