package io.fanfare.node.connection;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.node.broker.Message;
import io.fanfare.node.connection.TestLoop.Socket;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Predecessor;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What becomes of messages to a user that presence did not name a stream for. */
class HiddenMessagesTests {

	private static final ChannelName ALICE = ChannelName.user("alice");

	private final TestLoop node = new TestLoop(Inbox.LIMIT);

	private Socket alice = this.node.open("alice", new StreamRequest.Start.Now());

	HiddenMessagesTests() {
		this.node.run();
	}

	@Test
	void whatThePositionPassedIsAnnouncedAndWhatLiesAboveFollowsInOrder() {
		long received = named("heard");
		hidden("hidden below");
		this.node.publish();
		this.node.run();
		long position = this.node.store.clock;
		long last = hidden("hidden above");
		restored(last);
		named("live");
		assertThat(text()).containsSubsequence("data: heard\n", "data: m1\n", gap(received, position),
				"data: hidden above\n", "data: live\n");
		assertThat(text()).doesNotContain("hidden below");
	}

	@Test
	void aFieldThatIsBackBeforeAnythingPassedCostsNoGap() {
		named("heard");
		restored(hidden("hidden"));
		assertThat(text()).contains("data: hidden\n").doesNotContain("push.gap");
	}

	@Test
	void aFieldThatIsBackWithoutAMessageCostsNothing() {
		long last = named("heard");
		this.node.publish();
		this.node.run();
		restored(last);
		assertThat(this.node.store.asked).isEmpty();
		assertThat(text()).doesNotContain("push.gap");
	}

	@Test
	void whatCameByWayOfAllNodesWasNotHidden() {
		this.node.publish(ALICE);
		this.node.publish();
		this.node.run();
		restored(this.node.store.clock - 1);
		assertThat(text()).contains("data: m1\n", "data: m2\n").doesNotContain("push.gap");
	}

	@Test
	void whatDidNotComeByWayOfAllNodesWasHidden() {
		long began = this.node.store.clock;
		hidden("hidden");
		this.node.publish(ALICE);
		this.node.run();
		long last = this.node.store.clock;
		restored(last);
		assertThat(text()).contains(gap(began, last));
	}

	@Test
	void aStreamThatContinuesOneThatDidNotReceiveAllIsToldThoughItsClaimCameFirst() {
		long received = named("heard");
		hidden("hidden");
		this.node.publish();
		this.node.run();
		long cursor = this.node.store.clock;
		this.alice = this.node.open("alice", new StreamRequest.Start.After(cursor));
		this.node.run();
		assertThat(text()).doesNotContain("push.gap");
		this.node.router.hidden(new Frame.Hidden(connection(), received, cursor));
		this.node.run();
		assertThat(text()).contains(gap(received, cursor));
	}

	@Test
	void oneThatBeganElsewhereIsNot() {
		long received = named("heard");
		long to = hidden("hidden");
		this.node.publish();
		this.node.run();
		this.alice = this.node.open("alice", new StreamRequest.Start.After(this.node.store.clock));
		this.node.run();
		this.node.router.hidden(new Frame.Hidden(connection(), received, to));
		this.node.run();
		assertThat(text()).doesNotContain("push.gap");
	}

	private static String gap(long from, long to) {
		return "data: {\"channels\":[\"user:alice\"],\"from\":\"" + MessageId.format(from) + "\",\"to\":\""
				+ MessageId.format(to) + "\",\"reason\":\"presence-loss\",\"retryMs\":";
	}

	/** A message while presence names the stream. */
	private long named(String data) {
		Message message = this.node.store.publish(ALICE, data);
		this.node.router.deliver(connection(), message);
		this.node.run();
		return message.id();
	}

	/** A message while it does not. */
	private long hidden(String data) {
		return this.node.store.publish(ALICE, data).id();
	}

	private void restored(long last) {
		this.node.router.restored(new Frame.Restored(connection(), new Predecessor(last, last, 0)));
		this.node.run();
	}

	private String connection() {
		Matcher matcher = Pattern.compile("\"connection\":\"([^\"]+)\"").matcher(text());
		assertThat(matcher.find()).isTrue();
		return matcher.group(1);
	}

	private String text() {
		return this.alice.text.toString();
	}

}
