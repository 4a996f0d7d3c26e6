package io.fanfare.node.catchup;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.redis.History;
import io.fanfare.protocol.redis.History.Batch;
import io.fanfare.protocol.redis.History.Entry;
import io.fanfare.protocol.redis.History.Predecessor;

/** A history in memory, which answers when it is told to. */
final class Batches implements HistorySource {

	/** A read that was asked for. */
	record Asked(ChannelName channel, long position, CompletableFuture<Batch> answer) {

	}

	final List<Asked> asked = new ArrayList<>();

	final Map<ChannelName, Long> starts = new ConcurrentHashMap<>();

	static Entry entry(long id) {
		return entry(id, 0);
	}

	static Entry entry(long id, long expiresAt) {
		return new Entry(id,
				new Envelope("message", Long.toString(id).getBytes(StandardCharsets.UTF_8), 0, expiresAt, false, null));
	}

	static Entry[] entries(long... ids) {
		Entry[] entries = new Entry[ids.length];
		for (int i = 0; i < ids.length; i++) {
			entries[i] = entry(ids[i]);
		}
		return entries;
	}

	/** A batch that reaches an id. */
	static Batch batch(long upTo, boolean complete, long predecessor, Entry... entries) {
		return batch(upTo, complete, new Predecessor(predecessor, predecessor, 0), 0, entries);
	}

	static Batch batch(long upTo, boolean complete, Predecessor predecessor, long since, Entry... entries) {
		return new Batch(upTo, since, complete, predecessor, List.of(entries));
	}

	void answer(int index, Batch batch) {
		this.asked.get(index).answer().complete(batch);
	}

	@Override
	public CompletableFuture<Batch> read(ChannelName channel, long position, int count, int bytes) {
		CompletableFuture<Batch> answer = new CompletableFuture<>();
		this.asked.add(new Asked(channel, position, answer));
		return answer;
	}

	@Override
	public CompletableFuture<Long> findStart(ChannelName channel, int count) {
		return CompletableFuture.completedFuture(this.starts.getOrDefault(channel, 0L));
	}

	@Override
	public CompletableFuture<History.LastIds> lastIds(List<ChannelName> channels) {
		return CompletableFuture.failedFuture(new UnsupportedOperationException());
	}

}
