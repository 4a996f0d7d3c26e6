package io.fanfare.protocol;

import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class RetractionTests {

	private static final long ID = MessageId.of(1_785_000_000_000L, 7);

	private static Envelope envelope(String event, String data) {
		return new Envelope(event, data.getBytes(StandardCharsets.UTF_8), 1, 0, false, null);
	}

	@ParameterizedTest
	@ValueSource(strings = { "news", "all", "user:alice", "user:a\"b", "user:a\\", "user:\",\"upTo\":\"1-0\"}" })
	void whatIsWrittenIsRead(String name) {
		ChannelName channel = new ChannelName(name);
		for (boolean all : new boolean[] { false, true }) {
			Retraction retraction = new Retraction(channel, ID, all);
			assertThat(Retraction.of(channel, envelope(Retraction.EVENT, retraction.data()))).isEqualTo(retraction);
		}
		assertThat(Retraction.dataUpToId(channel) + MessageId.format(ID) + "\"}")
			.isEqualTo(new Retraction(channel, ID, true).data());
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "\"}", "{\"id\":\"\"}", "{\"id\":\"1-0\"}", "x,\"id\":\"1-\"}", ",\"id\":\"1-0\"",
			"{\"channel\":\"news\",\"other\":\"1785000000000-7\"}" })
	void whatCannotBeReadRetractsNothing(String data) {
		assertThat(Retraction.of(new ChannelName("news"), envelope(Retraction.EVENT, data))).isNull();
	}

	@Test
	void messagesOfPublishersRetractNothing() {
		String data = new Retraction(new ChannelName("news"), ID, true).data();
		assertThat(Retraction.of(new ChannelName("news"), envelope("message", data))).isNull();
		assertThat(EventName.isValid(Retraction.EVENT)).isFalse();
	}

	@Test
	void oneCoversAMessageAndAllCoverThoseUpToIt() {
		ChannelName news = new ChannelName("news");
		Retraction one = new Retraction(news, ID, false);
		Retraction all = new Retraction(news, ID, true);
		assertThat(one.covers(news, ID)).isTrue();
		assertThat(one.covers(news, ID - 1)).isFalse();
		assertThat(one.covers(new ChannelName("other"), ID)).isFalse();
		assertThat(all.covers(news, ID - 1)).isTrue();
		assertThat(all.covers(news, ID + 1)).isFalse();
	}

}
