package io.fanfare.node.subscription;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.node.subscription.Topic.Subscription;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.guard.Errors;
import org.jspecify.annotations.Nullable;

/**
 * The topics of one subscriber, and how many of them Redis has confirmed. Belongs to its
 * loop.
 *
 * @param <S> who subscribes
 */
public final class SubscribedTopics<S> {

	private final S subscriber;

	private final List<Subscription<S>> subscriptions = new ArrayList<>(2);

	/** How many of the subscriptions, from the first on, are confirmed on a link. */
	private int confirmed;

	private long confirmedOn;

	/** The topic for whose confirmation the subscriber waits, or null. */
	private @Nullable Topic<S> awaited;

	/**
	 * Creates an empty one.
	 * @param subscriber who subscribes
	 */
	public SubscribedTopics(S subscriber) {
		this.subscriber = subscriber;
	}

	/**
	 * Subscribes.
	 * @param topics the topics of the loop
	 * @param channels the channels
	 */
	public void addAll(Topics<S> topics, List<ChannelName> channels) {
		for (ChannelName channel : channels) {
			this.subscriptions.add(topics.add(channel, this.subscriber));
		}
	}

	/**
	 * Returns whether the subscriber is subscribed to a topic.
	 * @param topic the topic
	 * @return whether it is
	 */
	public boolean contains(Topic<S> topic) {
		for (Subscription<S> subscription : this.subscriptions) {
			if (subscription.topic() == topic) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Returns whether all are confirmed on the present link. If not the subscriber waits
	 * for the first topic that is not: so each confirmation concerns those alone that
	 * wait for it. Without a link it waits for the next one, which looks at all that are
	 * pending.
	 * @param link the number of the present link, 0 for none
	 * @return whether they are
	 */
	public boolean isConfirmed(long link) {
		if (link != this.confirmedOn) {
			this.confirmedOn = link;
			this.confirmed = 0;
			this.awaited = null;
		}
		for (; this.confirmed < this.subscriptions.size(); this.confirmed++) {
			Topic<S> topic = this.subscriptions.get(this.confirmed).topic();
			if (!topic.isConfirmed(link)) {
				if (link != 0 && topic != this.awaited) {
					topic.awaitConfirmed(this.subscriber);
					this.awaited = topic;
				}
				return false;
			}
		}
		return true;
	}

	/**
	 * Gives one up. The subscriber has to ask again whether all are confirmed.
	 * @param topics the topics of the loop
	 * @param channel the topic
	 */
	public void remove(Topics<S> topics, ChannelName channel) {
		for (int i = 0; i < this.subscriptions.size(); i++) {
			if (this.subscriptions.get(i).topic().name().equals(channel)) {
				topics.remove(this.subscriptions.remove(i));
				this.confirmed -= (i < this.confirmed) ? 1 : 0;
				this.awaited = null;
				return;
			}
		}
	}

	/**
	 * Gives all up; each behind a barrier of its own.
	 * @param topics the topics of the loop
	 * @param errors notes what is thrown
	 * @param where the place that an error is counted for
	 */
	public void removeAll(Topics<S> topics, Errors errors, String where) {
		for (Subscription<S> subscription : this.subscriptions) {
			errors.run(where, () -> topics.remove(subscription));
		}
		this.subscriptions.clear();
	}

}
