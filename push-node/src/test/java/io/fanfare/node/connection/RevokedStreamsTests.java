package io.fanfare.node.connection;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.redis.revocation.Revocation;
import io.fanfare.redis.revocation.Revocation.OfToken;
import io.fanfare.redis.revocation.Revocation.OfTopic;
import io.fanfare.redis.revocation.Revocation.OfUser;
import io.fanfare.redis.revocation.RevocationPage;
import io.fanfare.redis.revocation.RevocationPage.Extent;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What a loop does when a right is taken away. */
class RevokedStreamsTests {

	private static final ChannelName NEWS = ChannelName.topic("news");

	private static final ChannelName SPORT = ChannelName.topic("sport");

	/** The tokens of {@link TestLoop} are issued in its last second. */
	private static final long EVER = IssuedToken.LATEST.issued() * 1000;

	private final TestLoop node = new TestLoop();

	private final TestLoop.Socket alice = this.node.open("alice", new StreamRequest.Start.Now(), "news", "sport");

	private final TestLoop.Socket bob = this.node.open("bob", new StreamRequest.Start.Now(), "news", "sport");

	RevokedStreamsTests() {
		this.alice.mayEnd = true;
	}

	private static Revocation revocation(Revocation.Target target, long issuedBefore) {
		return new Revocation(target, issuedBefore, 0, 0, "why");
	}

	private int end(Revocation revocation) {
		return this.node.loop.revoked().end(List.of(revocation), 7);
	}

	@Test
	void theStreamOfAUserEndsAtOnceAndThatOfAnotherDoesNot() {
		this.node.run();
		assertThat(end(revocation(new OfUser("alice"), EVER))).isEqualTo(1);
		assertThat(this.alice.ended).contains("push.kicked", "\"reason\":\"revoked\"", "id: k.");
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.REVOKED));
		assertThat(end(revocation(new OfUser("alice"), EVER))).isZero();
	}

	@Test
	void aTokenThatWasIssuedLaterIsNotMeant() {
		this.node.run();
		assertThat(end(revocation(new OfUser("alice"), EVER - 1000))).isZero();
		assertThat(this.node.endings).isEmpty();
	}

	@Test
	void aTokenWithoutAnIdIsNotMeantByTheIdOfOne() {
		this.node.run();
		assertThat(end(revocation(new OfToken(IssuedToken.hash("t")), EVER))).isZero();
		assertThat(this.node.endings).isEmpty();
	}

	@Test
	void whatIsOwedOfATopicIsNotWrittenAndTheRestIs() {
		this.node.run();
		this.alice.pending = 1;
		this.node.publish(NEWS);
		this.node.publish(SPORT);
		this.node.run();
		assertThat(end(revocation(new OfTopic("alice", "news"), EVER))).isEqualTo(1);
		assertThat(end(revocation(new OfTopic("alice", "news"), EVER))).isZero();
		this.node.publish(NEWS);
		this.alice.readOn();
		this.node.run();
		assertThat(this.alice.text).contains("push.unsubscribed", "{\"channel\":\"news\",\"reason\":\"why\"}");
		assertThat(this.alice.numbers()).containsExactly(2);
		assertThat(this.bob.numbers()).containsExactly(1, 2, 3);
		this.node.publish(SPORT);
		this.node.publish(NEWS);
		this.node.publish();
		this.node.run();
		assertThat(this.alice.numbers()).containsExactly(2, 4, 6);
		assertThat(this.bob.numbers()).containsExactly(1, 2, 3, 4, 5, 6);
	}

	@Test
	void aReadOfHistoryThatIsOnItsWayBringsNothingOfTheTopic() {
		this.node.run();
		this.node.publish(NEWS);
		this.node.publish(SPORT);
		this.node.run();
		TestLoop.Socket carol = this.node.open("carol", new StreamRequest.Start.After(0), "news", "sport");
		Connection connection = this.node.loop.present().getLast();
		for (int i = 0; i < 50 && !connection.isBegun(); i++) {
			this.node.store.answer();
			this.node.turn();
		}
		assertThat(this.node.store.asked).isNotEmpty();
		assertThat(carol.numbers()).isEmpty();
		end(revocation(new OfTopic("carol", "news"), EVER));
		this.node.run();
		assertThat(carol.numbers()).containsExactly(2);
	}

	@Test
	void aTopicThatWasRevokedBeforeIsLeftOutAndToldBehindTheFirstBlock() {
		this.node.store.revokedTopics = Map.of("news", "rights changed", "not asked for", "x");
		TestLoop.Socket carol = this.node.open("carol", new StreamRequest.Start.Now(), "news", "sport");
		this.node.publish(NEWS);
		this.node.run();
		this.node.publish(NEWS);
		this.node.publish(SPORT);
		this.node.run();
		assertThat(carol.text.indexOf("push.connected")).isGreaterThanOrEqualTo(0)
			.isLessThan(carol.text.indexOf("push.unsubscribed"));
		assertThat(carol.text).contains("{\"channel\":\"news\",\"reason\":\"rights changed\"}")
			.doesNotContain("not asked for");
		assertThat(carol.numbers()).containsExactly(3);
	}

	@Test
	void aRenewalEndsWhatACallDidNot() {
		this.node.run();
		this.node.store.revoked = new RevocationPage(9, Extent.ALL, List.of(revocation(new OfUser("alice"), EVER)));
		this.node.seconds(6);
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.REVOKED));
		assertThat(this.node.loop.revoked().known()).isEqualTo(9);
	}

	@Test
	void aRenewalThatDidNotReadAllProvesNothing() {
		this.node.run();
		this.node.store.revoked = new RevocationPage(9, Extent.MORE, List.of());
		this.node.seconds(6);
		Connection connection = this.node.loop.present().getFirst();
		assertThat(connection.isProven()).isTrue();
		this.node.seconds(15);
		assertThat(connection.isProven()).isFalse();
		this.node.store.revoked = new RevocationPage(9, Extent.ALL, List.of());
		this.node.seconds(6);
		assertThat(connection.isProven()).isTrue();
	}

	/**
	 * Nothing is proven meanwhile: at one page per tick this would take half a minute.
	 */
	@Test
	void aLongLogIsReadAsFastAsRedisAnswers() {
		this.node.run();
		for (int i = 1; i < 300; i++) {
			this.node.store.pages.add(new RevocationPage(i, Extent.MORE, List.of()));
		}
		this.node.store.pages.add(new RevocationPage(300, Extent.ALL, List.of(revocation(new OfUser("alice"), EVER))));
		this.node.store.revoked = new RevocationPage(300, Extent.ALL, List.of());
		this.node.store.renewed.clear();
		Connection bobs = this.node.loop.present().getLast();
		this.node.seconds(6);
		assertThat(this.node.store.pages).isEmpty();
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.REVOKED));
		assertThat(this.node.loop.revoked().known()).isEqualTo(300);
		assertThat(this.node.store.renewed).as("once for what is proven, and nobody is named meanwhile")
			.hasSize(301)
			.filteredOn((held) -> !held.isEmpty())
			.hasSize(2)
			.last()
			.isEqualTo(List.of(bobs.id()));
		this.node.seconds(11);
		assertThat(bobs.isProven()).isTrue();
	}

	@Test
	void aClientThatDoesNotReadIsCut() {
		this.node.run();
		this.alice.pending = 1;
		assertThat(end(revocation(new OfUser("alice"), EVER))).isEqualTo(1);
		assertThat(this.alice.aborted).isTrue();
		assertThat(this.alice.ended).isNull();
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.REVOKED));
	}

	@Test
	void aTopicOfAUserWhoWaitsIsLeftOutOfTheStreamToCome() {
		TestLoop full = TestLoop.ofSlots(1, 10);
		TestLoop.Socket first = full.open("zoe", new StreamRequest.Start.Now());
		full.run();
		TestLoop.Socket waiter = full.open("carol", new StreamRequest.Start.Now(), "news", "sport");
		full.run();
		assertThat(waiter.text).contains("push.waiting");
		full.loop.revoked().end(List.of(revocation(new OfTopic("carol", "news"), EVER)), 7);
		full.run();
		assertThat(waiter.text).doesNotContain("push.unsubscribed");
		first.cut();
		full.run();
		full.publish(NEWS);
		full.publish(SPORT);
		full.run();
		assertThat(waiter.numbers()).containsExactly(2);
		assertThat(waiter.text.indexOf("push.connected")).isPositive()
			.isLessThan(waiter.text.indexOf("push.unsubscribed"));
	}

	@Test
	void whereTheLogDoesNotReachBackAllReconnect() {
		this.bob.mayEnd = true;
		this.node.run();
		this.node.store.revoked = new RevocationPage(9, Extent.BEHIND, List.of());
		this.node.seconds(6);
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.ERROR), Ending.of(CloseReason.ERROR));
		assertThat(this.alice.ended).contains("push.goaway");
	}

	@Test
	void anAnnouncedKickIsNotDisturbed() {
		this.node.run();
		Connection connection = this.node.loop.present().getFirst();
		connection.ending().kicked(CloseReason.LOGOUT, 1, Duration.ofSeconds(2), "bye");
		assertThat(this.alice.text).contains("\"delayMs\":2000,\"message\":\"bye\"");
		assertThat(end(revocation(new OfUser("alice"), EVER))).isZero();
		this.node.seconds(4);
		assertThat(this.node.endings).containsExactly(Ending.of(CloseReason.LOGOUT));
	}

}
