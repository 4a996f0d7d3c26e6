package io.fanfare.api.publish;

import java.util.List;

import io.fanfare.api.TestApi;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.history.Publisher;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ReceiptTests {

	private static final Publisher.Receipt ONLINE = new Publisher.Receipt(MessageId.of(7, 1), true);

	private static final Publisher.Receipt OFFLINE = new Publisher.Receipt(MessageId.of(7, 2), false);

	@Test
	void aTopicGetsAnIdAlone() {
		Receipt.Stored receipt = Receipt.Stored.of(new Target.Topic(ChannelName.topic("news")),
				List.of(new Publisher.Receipt(MessageId.of(7, 0), null)), false);
		assertThat(TestApi.JSON.writeValueAsString(receipt)).isEqualTo("{\"id\":\"7-0\"}");
	}

	@Test
	void aUserGetsAnIdAndWhetherTheUserIsOnline() {
		Receipt.Stored receipt = Receipt.Stored.of(new Target.User(ChannelName.user("alice")), List.of(ONLINE), true);
		assertThat(TestApi.JSON.writeValueAsString(receipt)).as("a header says that it is replayed")
			.isEqualTo("{\"id\":\"7-1\",\"recipients\":[{\"user\":\"alice\",\"id\":\"7-1\",\"online\":true}]}");
		assertThat(receipt.replayed()).isTrue();
	}

	@Test
	void severalUsersHaveAnIdEachInTheOrderOfTheRequest() {
		Target target = new Target.Users(List.of(ChannelName.user("b"), ChannelName.user("a")));
		assertThat(TestApi.JSON.writeValueAsString(Receipt.Stored.of(target, List.of(ONLINE, OFFLINE), false)))
			.isEqualTo("{\"recipients\":[{\"user\":\"b\",\"id\":\"7-1\",\"online\":true},"
					+ "{\"user\":\"a\",\"id\":\"7-2\",\"online\":false}]}");
	}

}
