package io.fanfare.api.tail;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.redis.cluster.TailFrame;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

class TailTests {

	private final Tail tail = new Tail("1", "alice");

	private final ByteArrayOutputStream out = new ByteArrayOutputStream();

	private final TailWriter writer = new TailWriter(this.out, JsonMapper.shared());

	private static TailFrame frame(long first, long dropped, String blocks) {
		return new TailFrame("1", "n.a.c", first, dropped, null, blocks.getBytes(StandardCharsets.UTF_8));
	}

	/** The events that were written: the name, a space, and the data. */
	private List<String> events() throws IOException, InterruptedException {
		for (TailItem item = this.tail.take(0); item != null; item = this.tail.take(0)) {
			this.writer.write(item);
		}
		List<String> events = new ArrayList<>();
		for (String block : this.out.toString(StandardCharsets.UTF_8).split("\n\n")) {
			events.add(block.replaceFirst("event: ", "").replaceFirst("\ndata: ", " "));
		}
		this.out.reset();
		return events;
	}

	@Test
	void eachBlockIsAnEvent() throws Exception {
		this.tail.received(frame(0, 0,
				"id: 1-0\ndata: a\ndata: \"b\": \u00e9\n\nid: 2-0\n\nretry: 7\nid: 3-0\nevent: push.goaway\ndata: {}\n\n"));
		assertThat(events()).containsExactly("tail.stream {\"connection\":\"n.a.c\",\"node\":\"n.a\"}",
				"tail.sent {\"connection\":\"n.a.c\",\"id\":\"1-0\",\"event\":\"message\","
						+ "\"data\":\"a\\n\\\"b\\\": \u00e9\"}",
				"tail.sent {\"connection\":\"n.a.c\",\"id\":\"2-0\"}",
				"tail.sent {\"connection\":\"n.a.c\",\"id\":\"3-0\",\"event\":\"push.goaway\","
						+ "\"data\":\"{}\",\"retryMs\":7}");
	}

	@Test
	void framesThatAreMissingAreCounted() throws Exception {
		this.tail.received(frame(3, 3, "data: d\n\n"));
		this.tail.received(frame(6, 1, "data: g\n\n"));
		assertThat(events()).containsSubsequence("tail.dropped {\"connection\":\"n.a.c\",\"blocks\":3}",
				"tail.sent {\"connection\":\"n.a.c\",\"event\":\"message\",\"data\":\"d\"}",
				"tail.dropped {\"connection\":\"n.a.c\",\"blocks\":2}",
				"tail.sent {\"connection\":\"n.a.c\",\"event\":\"message\",\"data\":\"g\"}");
		// Asked anew, a node counts anew
		this.tail.received(frame(0, 0, "data: h\n\n"));
		assertThat(events())
			.containsExactly("tail.sent {\"connection\":\"n.a.c\",\"event\":\"message\",\"data\":\"h\"}");
		assertThat(this.writer.blocks()).isEqualTo(3);
		assertThat(this.writer.dropped()).isEqualTo(5);
	}

	@Test
	void whatIsNotReadIsBoundedAndCounted() throws Exception {
		int surplus = 7;
		for (int i = 0; i < Tail.MAX_ITEMS + surplus; i++) {
			this.tail.received(frame(i, 0, "data: " + i + "\n\n"));
		}
		assertThat(events()).hasSize(Tail.MAX_ITEMS + 1)
			.startsWith("tail.dropped {\"connection\":\"n.a.c\",\"blocks\":7}",
					"tail.sent {\"connection\":\"n.a.c\",\"event\":\"message\",\"data\":\"7\"}");
		String large = "data: " + "x".repeat(Tail.MAX_BYTES / 4) + "\n\n";
		for (int i = 0; i < 10; i++) {
			this.tail.received(frame(Tail.MAX_ITEMS + surplus + i, 0, large));
		}
		assertThat(events()).hasSize(4).first().isEqualTo("tail.dropped {\"connection\":\"n.a.c\",\"blocks\":7}");
	}

	@Test
	void theEndOfAStreamIsReportedThoughItsLastCopiesWereDropped() throws Exception {
		this.tail.received(frame(0, 0, "data: a\n\n"));
		this.tail.received(new TailFrame("1", "n.a.c", 1, 0, "client", "data: b\n\ndata: c\n\n".getBytes()));
		for (int i = 0; i < Tail.MAX_ITEMS; i++) {
			this.tail.received(new TailFrame("1", "n.a.d", i, 0, null, "data: d\n\n".getBytes()));
		}
		assertThat(events())
			.startsWith("tail.dropped {\"connection\":\"n.a.c\",\"blocks\":3}",
					"tail.closed {\"connection\":\"n.a.c\",\"node\":\"n.a\",\"reason\":\"client\"}")
			.hasSize(2 + Tail.MAX_ITEMS);
		for (int i = 0; i < 3 * Tail.MAX_ITEMS; i++) {
			this.tail.received(new TailFrame("1", "n.a." + i, 0, 0, "client", new byte[0]));
		}
		assertThat(events()).hasSizeLessThanOrEqualTo(2 * Tail.MAX_ITEMS + Tail.MAX_ITEMS / 2);
	}

	@Test
	void whatWaitsIsNotShownOnceTheCredentialDoesNotHold() throws Exception {
		this.tail.received(frame(0, 0, "data: a\n\n"));
		this.tail.end(TailEnd.CREDENTIAL);
		assertThat(events()).containsExactly("tail.end {\"reason\":\"credential\"}");
	}

	@Test
	void aStreamIsReportedOnceAndItsEndBehindIt() throws Exception {
		this.tail.found("n.a.c");
		this.tail.found("n.a.c");
		this.tail.received(new TailFrame("1", "n.a.c", 0, 0, "logout", new byte[0]));
		this.tail.found("n.a.d");
		assertThat(events()).containsExactly("tail.stream {\"connection\":\"n.a.c\",\"node\":\"n.a\"}",
				"tail.closed {\"connection\":\"n.a.c\",\"node\":\"n.a\",\"reason\":\"logout\"}",
				"tail.stream {\"connection\":\"n.a.d\",\"node\":\"n.a\"}");
	}

	@Test
	void aNodeThatDoesNotAnswerIsReportedOnceUntilItDoes() throws Exception {
		this.tail.answered("n.a", true);
		this.tail.answered("n.a", false);
		this.tail.answered("n.a", false);
		this.tail.answered("n.a", true);
		this.tail.answered("n.a", false);
		this.tail.lost();
		assertThat(events()).containsExactly("tail.unanswered {\"node\":\"n.a\"}", "tail.unanswered {\"node\":\"n.a\"}",
				"tail.interrupted {}");
	}

	@Test
	void theEndIsTheLastEvent() throws Exception {
		this.tail.end(TailEnd.TIME);
		assertThat(this.writer.write(this.tail.take(0))).isEqualTo(TailEnd.TIME);
		assertThat(events()).containsExactly("tail.end {\"reason\":\"time\"}");
	}

}
