package io.fanfare.api.channel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;

import io.fanfare.api.TestApi;
import io.fanfare.test.redis.RedisExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class ChannelIT {

	private final TestApi api = TestApi.shared();

	@Test
	void aChannelThatNeverHadAMessageIsEmpty() {
		assertThat(this.api.get("/v1/channels/news/messages").json().toString())
			.isEqualTo("{\"items\":[],\"next\":null,\"floor\":null,\"latest\":null}");
	}

	@Test
	void pagesGoForwardFromTheOldest() {
		List<String> ids = publish(25);
		List<String> read = new ArrayList<>();
		String after = "0-0";
		while (after != null) {
			JsonNode page = page("after=" + after + "&limit=10");
			read.addAll(ids(page));
			after = page.get("next").stringValue(null);
		}
		assertThat(read).isEqualTo(ids);
	}

	@Test
	void pagesGoBackFromTheNewest() {
		List<String> ids = publish(25);
		JsonNode newest = page("limit=10");
		assertThat(ids(newest)).isEqualTo(ids.subList(15, 25));
		JsonNode before = page("limit=10&before=" + newest.get("next").stringValue());
		assertThat(ids(before)).isEqualTo(ids.subList(5, 15));
		JsonNode oldest = page("limit=10&before=" + before.get("next").stringValue());
		assertThat(ids(oldest)).isEqualTo(ids.subList(0, 5));
		assertThat(oldest.get("next").isNull()).isTrue();
		assertThat(newest.get("floor").stringValue()).isEqualTo(ids.getFirst());
		assertThat(newest.get("latest").stringValue()).isEqualTo(ids.getLast());
	}

	@Test
	void itemsAreWhatWasPublished() {
		this.api.post("/v1/messages",
				"{\"to\":{\"user\":\"a/b\"},\"event\":\"order\",\"data\":{\"price\":1.10,\"note\":\"ü\"}}");
		JsonNode item = this.api.get("/v1/channels/user:a%2Fb/messages").json().at("/items/0");
		assertThat(item.propertyNames()).containsExactly("id", "event", "data", "at");
		assertThat(item.get("event").stringValue()).isEqualTo("order");
		assertThat(item.get("data").stringValue()).isEqualTo("{\"price\":1.10,\"note\":\"ü\"}");
		assertThat(this.api.get("/v1/channels/user%3Aa%2Fb/messages").json().at("/items/0")).isEqualTo(item);
	}

	@Test
	void messagesPastTheirTimeToLiveAreLeftOut() {
		this.api.post("/v1/messages", "{\"to\":{\"channel\":\"news\"},\"data\":1,\"ttl\":\"PT0.05S\"}");
		List<String> kept = publish(1);
		Awaitility.await().atMost(5, TimeUnit.SECONDS).until(() -> ids(page("after=0-0")).equals(kept));
	}

	@Test
	void anEmptyParameterCountsAsAbsent() {
		for (String query : List.of("limit=&after=&before=", "after=0-0&before=", "after=&before=2-2")) {
			assertThat(this.api.get("/v1/channels/news/messages?" + query).status()).as(query).isEqualTo(200);
		}
	}

	@Test
	void whatIsNoPageIsRefused() {
		for (String query : List.of("limit=0", "limit=1001", "limit=x", "limit=-1", "after=x", "before=1",
				"after=1-1&before=2-2")) {
			assertThat(this.api.get("/v1/channels/news/messages?" + query).problem()).as(query)
				.isEqualTo("invalid-request");
		}
		for (String channel : List.of("push.x", "a%20b", "user:", "-")) {
			assertThat(this.api.get("/v1/channels/" + channel + "/messages")
				.json()
				.at("/errors/0/parameter")
				.stringValue()).as(channel).isEqualTo("channel");
		}
	}

	@Test
	void theCursorIsTheClock() {
		assertThat(this.api.get("/v1/cursor").json().get("cursor").stringValue()).isEqualTo("0-0");
		String last = publish(3).getLast();
		assertThat(this.api.get("/v1/cursor").json().get("cursor").stringValue()).isEqualTo(last);
		assertThat(ids(page("after=" + last))).isEmpty();
	}

	private List<String> publish(int count) {
		List<String> ids = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			ids.add(this.api.post("/v1/messages", "{\"to\":{\"channel\":\"news\"},\"data\":" + i + "}")
				.json()
				.get("id")
				.stringValue());
		}
		return ids;
	}

	private JsonNode page(String query) {
		return this.api.get("/v1/channels/news/messages?" + query).json();
	}

	private static List<String> ids(JsonNode page) {
		return StreamSupport.stream(page.get("items").spliterator(), false)
			.map((item) -> item.get("id").stringValue())
			.toList();
	}

}
