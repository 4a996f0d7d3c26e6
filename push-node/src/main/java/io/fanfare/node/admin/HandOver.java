package io.fanfare.node.admin;

import java.io.ByteArrayOutputStream;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

import io.fanfare.node.recorder.FlightRecorder;
import io.fanfare.node.recorder.PastStream;
import io.fanfare.node.recorder.StreamRecord;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.CallResult.Traced;
import io.fanfare.protocol.call.Handover;
import io.fanfare.redis.cluster.Handovers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leaves to the other nodes what this one knew of its streams, once all of them have
 * ended. Of very many the last are left. Messages that it was handed are not: what is
 * stored needs none of that.
 */
public final class HandOver {

	private static final Logger log = LoggerFactory.getLogger(HandOver.class);

	/** Of all records. */
	private static final int MAX_BYTES = 2 * 1024 * 1024;

	/** Of one piece, unless one user has more. */
	private static final int PIECE_BYTES = 64 * 1024;

	/** Of the records of one user, so that one piece stays small. */
	private static final int USER_BYTES = 32 * 1024;

	/**
	 * So many of the nodes that were listed are named, the last ones: each question reads
	 * the names that all handovers have, and a node that crashes again and again makes
	 * more of them.
	 */
	static final int MAX_LISTED = 500;

	private final String node;

	private final FlightRecorder recorder;

	private final IntSupplier streams;

	private final Supplier<Map<String, Long>> listed;

	private final Handovers handovers;

	private final InstantSource clock;

	/**
	 * Makes it.
	 * @param node the identity of this node
	 * @param recorder what it remembers
	 * @param streams how many streams are there yet
	 * @param listed the nodes that were listed, and when they were last
	 * @param handovers where it is left
	 * @param clock the wall clock, or ids where they are ahead
	 */
	public HandOver(String node, FlightRecorder recorder, IntSupplier streams, Supplier<Map<String, Long>> listed,
			Handovers handovers, InstantSource clock) {
		this.node = node;
		this.recorder = recorder;
		this.streams = streams;
		this.listed = listed;
		this.handovers = handovers;
		this.clock = clock;
	}

	/** What is left: users to records, and since when it has each stream that ended. */
	private record Left(Map<String, byte[]> records, long since) {

	}

	/**
	 * Leaves it. Nothing is left by a node that remembers nothing, or that still has
	 * streams: others are to say then that it departed.
	 * @return when it is left
	 */
	public CompletableFuture<Void> run() {
		// What is thrown fails the future
		return CompletableFuture.<Void>completedFuture(null).thenCompose((begun) -> leave());
	}

	private CompletableFuture<Void> leave() {
		int open = this.streams.getAsInt();
		if (!this.recorder.isOn() || open > 0) {
			log.info("handover=none streams={}", open);
			return CompletableFuture.completedFuture(null);
		}
		Left left = left();
		Map<String, Long> all = this.listed.get();
		long unnamed = unnamedUpTo(all.values());
		Map<String, Long> named = new HashMap<>(all);
		named.values().removeIf((at) -> at <= unnamed);
		// What a node that is not named had is not known
		long since = (named.size() < all.size()) ? Math.max(left.since(), unnamed + Traced.DEPARTED.toMillis() + 1)
				: left.since();
		Handover whole = new Handover(this.recorder.since(), this.clock.millis(), since, named);
		CompletableFuture<Void> written = CompletableFuture.completedFuture(null);
		for (Map<String, byte[]> piece : pieces(left.records())) {
			written = written.thenCompose((before) -> this.handovers.put(this.node, piece));
		}
		return written.thenCompose((before) -> this.handovers.complete(this.node, CallJson.write(whole)))
			.thenRun(() -> log.info("handover=left users={} since={}", left.records().size(), since));
	}

	/** When the last node was listed that is not named; 0 where all are. */
	private static long unnamedUpTo(Collection<Long> listed) {
		return listed.stream().sorted(Comparator.reverseOrder()).skip(MAX_LISTED).findFirst().orElse(0L);
	}

	private Left left() {
		Records records = new Records(this.recorder.streamsSince());
		this.recorder.ended(records::add);
		return new Left(records.joined(), records.since);
	}

	/** The last streams that fit, by user. */
	private static final class Records {

		private final Map<String, List<byte[]>> byUser = new LinkedHashMap<>();

		private final Map<String, Integer> sizes = new HashMap<>();

		private int bytes;

		/** Since when each stream that ended is among them. */
		private long since;

		Records(long since) {
			this.since = since;
		}

		boolean add(PastStream stream, long endedAt) {
			byte[] record = StreamRecord.write(stream);
			this.bytes += record.length + stream.user().length();
			if (this.bytes > MAX_BYTES) {
				this.since = Math.max(this.since, endedAt + 1);
				return false;
			}
			if (this.sizes.merge(stream.user(), record.length, Integer::sum) > USER_BYTES) {
				this.since = Math.max(this.since, endedAt + 1);
			}
			else {
				this.byUser.computeIfAbsent(stream.user(), (user) -> new ArrayList<>()).add(record);
			}
			return true;
		}

		Map<String, byte[]> joined() {
			Map<String, byte[]> joined = new LinkedHashMap<>();
			this.byUser.forEach((user, own) -> {
				ByteArrayOutputStream all = new ByteArrayOutputStream();
				own.reversed().forEach(all::writeBytes);
				joined.put(user, all.toByteArray());
			});
			return joined;
		}

	}

	private static List<Map<String, byte[]>> pieces(Map<String, byte[]> records) {
		List<Map<String, byte[]>> pieces = new ArrayList<>();
		Map<String, byte[]> piece = new LinkedHashMap<>();
		int bytes = 0;
		for (Map.Entry<String, byte[]> one : records.entrySet()) {
			piece.put(one.getKey(), one.getValue());
			bytes += one.getValue().length;
			if (bytes >= PIECE_BYTES || piece.size() == Handovers.MAX_USERS) {
				pieces.add(piece);
				piece = new LinkedHashMap<>();
				bytes = 0;
			}
		}
		if (!piece.isEmpty()) {
			pieces.add(piece);
		}
		return pieces;
	}

}
