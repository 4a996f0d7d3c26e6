package io.fanfare.node.stream;

import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import io.fanfare.node.auth.StreamToken;
import io.fanfare.node.connection.StreamRequest;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.revocation.IssuedToken;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class StreamParametersTests {

	private static final StreamToken TOKEN = new StreamToken("alice", null, Instant.MIN, Instant.MAX, Instant.MAX,
			Tier.LOW, List.of("news", "sport:*"));

	private final HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/events");

	private StreamRequest read(Map<String, List<String>> query) throws ProblemException {
		return new StreamParameters(this.request, query).request(TOKEN, InetAddress.getLoopbackAddress(), 2, 1000);
	}

	private Problem problem(Map<String, List<String>> query) {
		try {
			throw new AssertionError(read(query));
		}
		catch (ProblemException ex) {
			return ex.problem();
		}
	}

	@Test
	void withoutParametersAStreamIsLive() throws ProblemException {
		assertThat(read(Map.of())).isEqualTo(new StreamRequest("alice", null, null, Tier.LOW, List.of(),
				new StreamRequest.Start.Now(), false, false, Instant.MAX, Instant.MAX, InetAddress.getLoopbackAddress(),
				false, IssuedToken.of(null, Instant.MIN.getEpochSecond())));
	}

	@Test
	void whatIsEmptyIsAbsent() throws ProblemException {
		List<String> empty = List.of("");
		assertThat(read(Map.of("channel", List.of("", "news"), "client", empty, "page", empty, "history", empty,
				"lastEventId", empty, "heartbeat", empty, "ack", empty)))
			.isEqualTo(read(Map.of("channel", List.of("news"))));
	}

	@Test
	void topicsAreCountedOnceAndKeepTheirOrder() throws ProblemException {
		assertThat(read(Map.of("channel", List.of("sport:b", "news", "sport:b"))).topics())
			.containsExactly(ChannelName.topic("sport:b"), ChannelName.topic("news"));
		assertThat(problem(Map.of("channel", List.of("news", "sport:a", "sport:b"))).status()).isEqualTo(400);
		assertThat(problem(Map.of("channel", List.of("news", "other", "third"))).status()).isEqualTo(400);
		assertThat(problem(Map.of("channel", List.of("news", "other"))).status()).isEqualTo(403);
	}

	@Test
	void theHeaderBeatsTheQueryAndTheCursorBeatsTheHistory() throws ProblemException {
		Map<String, List<String>> query = Map.of("lastEventId", List.of("5-1"), "history", List.of("3"));
		assertThat(read(query).start()).isEqualTo(new StreamRequest.Start.After(MessageId.of(5, 1)));
		this.request.headers().set("last-event-id", "6-2");
		assertThat(read(query).start()).isEqualTo(new StreamRequest.Start.After(MessageId.of(6, 2)));
		this.request.headers().set("Last-Event-ID", "earliest");
		assertThat(read(query).start()).isEqualTo(new StreamRequest.Start.Latest(0));
		this.request.headers().set("Last-Event-ID", "");
		assertThat(read(query).start()).isEqualTo(new StreamRequest.Start.After(MessageId.of(5, 1)));
		assertThat(read(Map.of("history", List.of("3"))).start()).isEqualTo(new StreamRequest.Start.Latest(3));
		assertThat(read(Map.of("history", List.of("1000"))).start()).isEqualTo(new StreamRequest.Start.Latest(1000));
	}

	@ParameterizedTest
	@ValueSource(strings = { "undefined", "null", "0", "1", "1-", "-1", "1-1-1", "1-1048576", "8796093022208-0",
			"99999999999999-0", "0x1-1", "\uFF11-\uFF11", " ", "\0", "1-1\n", "latest",
			"b7c1f9b2-6f0e-4c53-9f0e-0d6f0f9f4a11" })
	void aCursorThatIsNoIdIsUnknown(String text) throws ProblemException {
		Map<String, List<String>> query = Map.of("lastEventId", List.of(text), "history", List.of("7"));
		assertThat(read(Map.of("lastEventId", List.of(text))).start()).isEqualTo(new StreamRequest.Start.Unknown(0));
		assertThat(read(query).start()).isEqualTo(new StreamRequest.Start.Unknown(7));
		assertThat(read(query).cursor()).isNull();
		this.request.headers().set("Last-Event-ID", "x".repeat(10_000));
		assertThat(read(Map.of("lastEventId", List.of("5-1"))).start()).isEqualTo(new StreamRequest.Start.Unknown(0));
	}

	@Test
	void theCursorOfAKickIsNoneInTheQuery() {
		assertThat(problem(Map.of("lastEventId", List.of("k.1-1"))).detail()).startsWith("lastEventId:");
	}

	@Test
	void onlyTheHeaderTellsOfAKick() {
		assertThat(new StreamParameters(this.request, Map.of("lastEventId", List.of("k.1-1"))).isKickedReconnect())
			.isFalse();
		this.request.headers().set("Last-Event-ID", "k.1-1");
		assertThat(new StreamParameters(this.request, Map.of()).isKickedReconnect()).isTrue();
	}

	@Test
	void aStatusIsWantedByTheClientOrTheProxy() {
		assertThat(new StreamParameters(this.request, Map.of()).wantsStatus()).isFalse();
		assertThat(new StreamParameters(this.request, Map.of("strict", List.of("0"))).wantsStatus()).isFalse();
		assertThat(new StreamParameters(this.request, Map.of("strict", List.of("1"))).wantsStatus()).isTrue();
		this.request.headers().set("Fanfare-Next-Upstream", "1");
		assertThat(new StreamParameters(this.request, Map.of()).wantsStatus()).isTrue();
	}

	@ParameterizedTest
	@CsvSource({ "1, true, 503", "404, true, 404", "wait, true, 404", "503, false, 503", "'', false, 503" })
	void aProxyMayAskForRefusalsBy404(String header, boolean wantsStatus, int status) {
		this.request.headers().set("Fanfare-Next-Upstream", header);
		StreamParameters parameters = new StreamParameters(this.request, Map.of());
		assertThat(parameters.wantsStatus()).isEqualTo(wantsStatus);
		assertThat(parameters.refusalStatus()).isEqualTo(status);
	}

	@Test
	void onlyARealCursorIsRepeatedInABusyBlock() {
		for (String text : List.of("earliest", "x", "k.1-1", "1-1\n")) {
			assertThat(new StreamParameters(this.request, Map.of("lastEventId", List.of(text))).cursorText()).isNull();
		}
		assertThat(new StreamParameters(this.request, Map.of("lastEventId", List.of("1-1"))).cursorText())
			.isEqualTo("1-1");
		assertThat(new StreamParameters(this.request, Map.of()).cursorText()).isNull();
	}

	@Test
	void aPageIsAShortPlainName() throws ProblemException {
		assertThat(read(Map.of()).document()).isNull();
		assertThat(read(Map.of("page", List.of("aZ09_.~-", "b"))).document()).isEqualTo("aZ09_.~-");
		assertThat(read(Map.of("page", List.of("x".repeat(64)))).document()).hasSize(64);
		for (String page : List.of("x".repeat(65), "a b", "a/b", "a,b", "!1,2")) {
			assertThat(problem(Map.of("page", List.of(page)))).satisfies((problem) -> {
				assertThat(problem.status()).isEqualTo(400);
				assertThat(problem.detail()).startsWith("page:");
			});
		}
	}

	@Test
	void aClientIsAShortPlainName() throws ProblemException {
		assertThat(read(Map.of("client", List.of("aZ09_.~-"))).client()).isEqualTo("aZ09_.~-");
		assertThat(read(Map.of("client", List.of("x".repeat(64)))).client()).hasSize(64);
		for (String client : List.of("x".repeat(65), "a b", "a:b", "a\n")) {
			assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> read(Map.of("client", List.of(client))));
		}
	}

}
