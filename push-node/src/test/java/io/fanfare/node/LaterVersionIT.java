package io.fanfare.node;

import java.nio.charset.StandardCharsets;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.lettuce.core.ScriptOutputType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/** A message of a version that the node does not know, published and retained. */
@ExtendWith(OutputCaptureExtension.class)
class LaterVersionIT {

	/** As publish-messages does it, for a channel without a message yet. */
	private static final String PUBLISH = """
			local ms, seq = string.match(redis.call('GET', KEYS[1] .. 'clock'), '^(%d+)-(%d+)$')
			local id = ms .. '-' .. string.format('%.0f', seq + 1)
			redis.call('SET', KEYS[1] .. 'clock', id)
			redis.call('XADD', KEYS[1] .. 'ch:' .. ARGV[1], id, 'p',
				redis.call('HGET', KEYS[1] .. 'last', ARGV[1]) or '0-0', 'm', ARGV[2])
			redis.call('HSET', KEYS[1] .. 'last', ARGV[1], id)
			redis.call('PUBLISH', KEYS[1] .. 'ch:' .. ARGV[1], 'M ' .. id .. ' - ' .. ARGV[1] .. '\\n' .. ARGV[2])
			return id
			""";

	@Test
	void liveAndResumingStreamsAreToldOfAGapOnceAndGoOn(CapturedOutput log) {
		TestNode node = Cluster.first();
		String topic = TestNode.newTopic();
		double frames = node.meter("fanfare.errors", "where", "frame");
		double entries = node.meter("fanfare.errors", "where", "history");
		Backend backend = Cluster.backend();
		try (SseClient live = node.open(TestNode.newUser(), topic)) {
			backend.publish(ChannelName.topic(topic), "first");
			SseBlock first = live.awaitBlock((block) -> "first".equals(block.data()), TestNode.SOON);
			String unknown = publishOfALaterVersion(topic);
			backend.publish(ChannelName.topic(topic), "last");
			assertGapBetween(live, unknown);
			try (SseClient resumed = TestNode
				.opened(node.stream(TestNode.newUser()).header("Last-Event-ID", first.id()), topic)) {
				assertGapBetween(resumed, unknown);
			}
			assertThat(live.blocks()).filteredOn((block) -> block.fires("push.gap")).as("no loop").hasSize(1);
		}
		assertThat(node.meter("fanfare.errors", "where", "frame") - frames).isEqualTo(1);
		assertThat(node.meter("fanfare.errors", "where", "history") - entries).isBetween(1.0, 4.0);
		assertThat(log.getOut()).contains("error where=frame", "error where=history");
	}

	private static void assertGapBetween(SseClient stream, String unknown) {
		stream.awaitBlock((block) -> "last".equals(block.data()), TestNode.SOON);
		List<SseBlock> gaps = stream.blocks().stream().filter((block) -> block.fires("push.gap")).toList();
		assertThat(gaps).hasSize(1);
		assertThat(gaps.getFirst().data()).contains("\"reason\":\"data-loss\"", "\"to\":\"" + unknown + "\"");
	}

	private static String publishOfALaterVersion(String topic) {
		byte[] envelope = new Envelope(EventName.DEFAULT, new byte[] { '1' }, 1, 0, false, null).encode();
		envelope[0]++;
		return Cluster.redis()
			.ask((redis) -> redis.eval(PUBLISH, ScriptOutputType.VALUE, new String[] { "fanfare:{0}:" }, topic,
					new String(envelope, StandardCharsets.US_ASCII)));
	}

}
