package io.fanfare.bench.peer;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

import io.fanfare.bench.load.StreamTarget;
import io.fanfare.bench.process.Programs;
import io.fanfare.bench.publish.Outgoing;
import io.fanfare.bench.publish.Wire;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;

/** Centrifugo with its Redis engine, streams by {@code uni_sse}, tokens checked. */
final class Centrifugo implements Peer {

	private static final int BATCH = 500;

	private static final String PATH = "/connection/uni_sse?cf_connect=%7B%22token%22%3A%22{token}%22%7D";

	private final RedisServer redis;

	private final ChildProcess child;

	private final int port = Ports.free();

	Centrifugo(Site site) {
		this.redis = RedisServer.start(site);
		Path config = site.fill("centrifugo/config.json", "centrifugo.json",
				Map.of("PORT", this.port, "SECRET", SECRET, "REDIS", this.redis.port()));
		this.child = Programs.server(
				List.of(Objects.requireNonNull(Programs.find("centrifugo")).toString(), "-c", config.toString()),
				site.log("centrifugo"));
		this.child.awaitPort(this.port, Programs.START);
	}

	private StreamTarget target(String channels, int topics) {
		return new StreamTarget(new int[] { this.port }, PATH,
				"{\"sub\":\"{user}\",\"exp\":{exp},\"channels\":[\"all\",\"user-{user}\"" + channels + "]}", SECRET,
				topics, false);
	}

	@Override
	public StreamTarget streams() {
		return target("", 1);
	}

	@Override
	public StreamTarget topicStreams(int topics) {
		return target(",\"t{t0}\",\"t{t1}\",\"t{t2}\"", topics);
	}

	@Override
	public boolean hasUsers() {
		return true;
	}

	@Override
	public Wire wire() {
		return new Wire(this.port, BATCH, (messages) -> {
			if (messages.size() == 1) {
				return Wire.post("/api/publish", "Content-Type: application/json\r\n", json(messages.getFirst()));
			}
			return Wire.post("/api/batch", "Content-Type: application/json\r\n",
					messages.stream()
						.map((message) -> "{\"publish\":" + json(message) + "}")
						.collect(Collectors.joining(",", "{\"commands\":[", "]}")));
		});
	}

	private static String json(Outgoing message) {
		String channel = switch (message.kind()) {
			case ALL -> "all";
			case TOPIC -> "t" + message.number();
			case USER -> "user-" + StreamTarget.user(message.number());
		};
		return "{\"channel\":\"" + channel + "\",\"data\":\"" + message.text() + "\"}";
	}

	@Override
	public List<Long> servers() {
		return List.of(this.child.pid());
	}

	@Override
	public List<Long> store() {
		return this.redis.pids();
	}

	@Override
	public void close() {
		this.child.close();
		this.redis.close();
	}

}
