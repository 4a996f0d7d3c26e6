package io.fanfare.node.auth;

import java.time.Instant;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Tier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class StreamTokenTests {

	@ParameterizedTest
	@CsvSource({ "news,news,true", "news,news2,false", "news,new,false", "news:*,news:a,true", "news:*,news:a:b,true",
			"news:*,news,false", "news:*,news2,false", "*,anything,true", "n*,news,false", "*:*,a:b,false",
			"a:b:*,a:b,false", "a:b:*,a:b:c,true", ":*,a:b,false", "'',a,false", "NEWS,news,false" })
	void aGrantIsAnExactNameOrAPrefixUpToAColonOrAll(String grant, String topic, boolean covers) {
		StreamToken token = new StreamToken("user", null, Instant.MIN, Instant.MAX, Instant.MAX, Tier.NORMAL,
				List.of("other", grant));
		assertThat(token.covers(ChannelName.topic(topic))).isEqualTo(covers);
		assertThat(new StreamToken("user", null, Instant.MIN, Instant.MAX, Instant.MAX, Tier.NORMAL, List.of())
			.covers(ChannelName.topic(topic))).isFalse();
	}

}
