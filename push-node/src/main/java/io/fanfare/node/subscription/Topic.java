package io.fanfare.node.subscription;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

import io.fanfare.protocol.ChannelName;
import org.jspecify.annotations.Nullable;

/**
 * The streams of one loop that are subscribed to a topic: a dense array, so that a
 * broadcast walks memory in order. Belongs to its loop.
 *
 * @param <S> who subscribes
 */
public final class Topic<S> {

	private final ChannelName name;

	private @Nullable Subscription<S>[] subscriptions;

	private int size;

	/** The link on which Redis confirmed the subscription; 0 for none. */
	private long link;

	private final LongConsumer confirmed;

	/** Who waits for a confirmation, or null for none. */
	private @Nullable List<S> waiting;

	/**
	 * Makes an empty topic.
	 * @param name its name
	 * @param loop runs what belongs to the loop on it
	 * @param heard is notified, on the loop, of each that waited for a confirmation
	 */
	Topic(ChannelName name, Executor loop, Consumer<S> heard) {
		this.name = name;
		// Users seldom have more than one stream, and there is one of these for each.
		this.subscriptions = newArray(name.isUser() ? 1 : 4);
		this.confirmed = (number) -> loop.execute(() -> {
			this.link = number;
			List<S> waited = this.waiting;
			this.waiting = null;
			if (waited != null) {
				waited.forEach(heard);
			}
		});
	}

	/**
	 * One subscriber's place.
	 *
	 * @param <S> who subscribes
	 */
	public static final class Subscription<S> {

		private final S subscriber;

		private final Topic<S> topic;

		private int index;

		private Subscription(S subscriber, Topic<S> topic, int index) {
			this.subscriber = subscriber;
			this.topic = topic;
			this.index = index;
		}

		/**
		 * What is subscribed to.
		 * @return the topic
		 */
		public Topic<S> topic() {
			return this.topic;
		}

	}

	@SuppressWarnings({ "unchecked", "rawtypes" })
	private static <S> @Nullable Subscription<S>[] newArray(int length) {
		return new Subscription[length];
	}

	/**
	 * Its name.
	 * @return the name
	 */
	public ChannelName name() {
		return this.name;
	}

	/**
	 * How many subscribers it has here.
	 * @return the number
	 */
	public int size() {
		return this.size;
	}

	/**
	 * One of its subscribers.
	 * @param index from 0
	 * @return the subscriber
	 */
	public S subscriber(int index) {
		Subscription<S> subscription = this.subscriptions[index];
		if (index >= this.size || subscription == null) {
			throw new IndexOutOfBoundsException(index);
		}
		return subscription.subscriber;
	}

	/**
	 * Returns whether messages of this topic arrive.
	 * @param present the number of the present link
	 * @return whether Redis confirmed the subscription on it; of a user's channel none is
	 * needed
	 */
	public boolean isConfirmed(long present) {
		return present != 0 && (this.link == present || this.name.isUser());
	}

	/**
	 * Waits for the next confirmation, once.
	 * @param subscriber who waits; it may have ended when it is notified
	 */
	public void awaitConfirmed(S subscriber) {
		if (this.waiting == null) {
			this.waiting = new ArrayList<>(1);
		}
		this.waiting.add(subscriber);
	}

	/**
	 * What is notified when Redis confirms what was asked for on behalf of this very
	 * object.
	 */
	LongConsumer confirmed() {
		return this.confirmed;
	}

	Subscription<S> add(S subscriber) {
		if (this.size == this.subscriptions.length) {
			this.subscriptions = Arrays.copyOf(this.subscriptions, this.size * 2);
		}
		Subscription<S> subscription = new Subscription<>(subscriber, this, this.size);
		this.subscriptions[this.size++] = subscription;
		return subscription;
	}

	void remove(Subscription<S> subscription) {
		if (subscription.index < 0) {
			return;
		}
		this.size--;
		Subscription<S> moved = this.subscriptions[this.size];
		this.subscriptions[this.size] = null;
		if (moved != null && moved != subscription) {
			moved.index = subscription.index;
			this.subscriptions[moved.index] = moved;
		}
		subscription.index = -1;
	}

}
