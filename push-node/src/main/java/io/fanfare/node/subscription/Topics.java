package io.fanfare.node.subscription;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

import io.fanfare.node.subscription.Topic.Subscription;
import io.fanfare.protocol.ChannelName;
import org.jspecify.annotations.Nullable;

/**
 * The topics of one loop, {@code all} among them. Belongs to its loop. The node is asked
 * to subscribe when a topic gets its first subscriber here and to stop when it loses its
 * last; {@code all} stays. Of a user's channel nothing is asked for: what is published to
 * it comes over the node's own channel, or that of {@code all}.
 *
 * @param <S> who subscribes
 */
public final class Topics<S> {

	private final Map<String, Topic<S>> topics = new HashMap<>();

	private final Upstream upstream;

	private final Executor loop;

	private final Consumer<S> heard;

	/**
	 * Makes the table.
	 * @param upstream who subscribes for the node
	 * @param loop runs what belongs to the loop on it
	 * @param heard is notified, on the loop, of each subscriber that waited for a topic
	 * that is confirmed now: a confirmation costs nothing for those that wait for others
	 */
	public Topics(Upstream upstream, Executor loop, Consumer<S> heard) {
		this.upstream = upstream;
		this.loop = loop;
		this.heard = heard;
		make(ChannelName.ALL);
	}

	private Topic<S> make(ChannelName name) {
		Topic<S> topic = new Topic<>(name, this.loop, this.heard);
		if (!name.isUser()) {
			// First: a topic that was not asked for would never be confirmed.
			this.upstream.subscribe(name, topic.confirmed());
		}
		this.topics.put(name.value(), topic);
		return topic;
	}

	/** Who subscribes for the node. */
	public interface Upstream {

		/**
		 * Asks for a topic.
		 * @param topic the topic
		 * @param confirmed receives the number of each link on which it is confirmed,
		 * from any thread
		 */
		void subscribe(ChannelName topic, LongConsumer confirmed);

		/**
		 * Gives a topic up.
		 * @param topic the topic
		 * @param confirmed what was handed to {@link #subscribe}
		 */
		void unsubscribe(ChannelName topic, LongConsumer confirmed);

	}

	/**
	 * Subscribes.
	 * @param name the topic
	 * @param subscriber who
	 * @return its place, for {@link #remove}
	 */
	public Subscription<S> add(ChannelName name, S subscriber) {
		Topic<S> topic = this.topics.get(name.value());
		if (topic == null) {
			topic = make(name);
		}
		return topic.add(subscriber);
	}

	/**
	 * Ends a subscription.
	 * @param subscription what {@link #add} returned
	 */
	public void remove(Subscription<S> subscription) {
		Topic<S> topic = subscription.topic();
		topic.remove(subscription);
		if (topic.size() == 0 && !topic.name().equals(ChannelName.ALL)
				&& this.topics.remove(topic.name().value(), topic) && !topic.name().isUser()) {
			this.upstream.unsubscribe(topic.name(), topic.confirmed());
		}
	}

	/**
	 * Finds a topic.
	 * @param name its name
	 * @return the topic, or null if no stream here receives it
	 */
	public @Nullable Topic<S> find(ChannelName name) {
		return this.topics.get(name.value());
	}

	/**
	 * How many topics there are, {@code all} included.
	 * @return the number
	 */
	public int size() {
		return this.topics.size();
	}

}
