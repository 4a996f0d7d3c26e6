package io.fanfare.api.publish;

import java.util.List;

import io.fanfare.protocol.ChannelName;

/** The recipients of a message. */
sealed interface Target {

	/** The channels it is published to, each with an id of its own. */
	List<ChannelName> channels();

	/** One user. */
	record User(ChannelName channel) implements Target {

		@Override
		public List<ChannelName> channels() {
			return List.of(this.channel);
		}

	}

	/** Some users. */
	record Users(List<ChannelName> channels) implements Target {

	}

	/** All streams that are subscribed to a topic, or all streams. */
	record Topic(ChannelName channel) implements Target {

		/** Whether all streams receive it. */
		boolean isEveryone() {
			return this.channel.equals(ChannelName.ALL);
		}

		@Override
		public List<ChannelName> channels() {
			return List.of(this.channel);
		}

	}

}
