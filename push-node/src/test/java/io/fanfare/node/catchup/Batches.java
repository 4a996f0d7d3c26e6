package io.fanfare.node.catchup;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.History.Batch;
import io.fanfare.redis.history.History.Entry;
import io.fanfare.protocol.Predecessor;

/** A history in memory, which answers when it is told to. */
final class Batches implements HistorySource {

	/** A read that was asked for. */
	record Asked(ChannelName channel, long position, CompletableFuture<Batch> answer) {

	}

	final List<Asked> asked = new ArrayList<>();

	/** Messages in one piece of the way back. */
	static final int PIECE = 3;

	/** Of each channel the sizes of its messages. */
	final Map<ChannelName, Integer[]> retained = new ConcurrentHashMap<>();

	/** Calls that walk back and were not answered yet. */
	final Queue<Runnable> walks = new ArrayDeque<>();

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
	public CompletableFuture<Long> findOldest(ChannelName channel) {
		Integer[] sizes = this.retained.getOrDefault(channel, new Integer[0]);
		return CompletableFuture.completedFuture((sizes.length > 0) ? 1L : 0L);
	}

	/** Message n has the n-th size, from 1 on. */
	@Override
	public CompletableFuture<History.Walked> walkBack(ChannelName channel, long below, int count, int bytes) {
		CompletableFuture<History.Walked> answer = new CompletableFuture<>();
		this.walks.add(() -> answer.complete(walk(channel, below, count, bytes)));
		return answer;
	}

	private History.Walked walk(ChannelName channel, long below, int count, int bytes) {
		Integer[] sizes = this.retained.getOrDefault(channel, new Integer[0]);
		int next = (int) Math.min(below - 1, sizes.length);
		int taken = 0;
		int size = 0;
		while (taken < Math.min(count, PIECE) && next > 0) {
			if (size + sizes[next - 1] > bytes) {
				return new History.Walked((taken > 0) ? next + 1 : 0, taken, size, History.Walked.End.FULL,
						sizes[next - 1]);
			}
			size += sizes[--next];
			taken++;
		}
		return new History.Walked((taken > 0) ? next + 1 : 0, taken, size,
				(next == 0 && taken < Math.min(count, PIECE)) ? History.Walked.End.END : History.Walked.End.MORE, 0);
	}

	@Override
	public CompletableFuture<History.LastIds> lastIds(List<ChannelName> channels) {
		return CompletableFuture.failedFuture(new UnsupportedOperationException());
	}

}
