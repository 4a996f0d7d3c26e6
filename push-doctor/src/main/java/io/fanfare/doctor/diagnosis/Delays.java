package io.fanfare.doctor.diagnosis;

import java.util.List;
import java.util.stream.Stream;

import io.fanfare.doctor.observation.StreamSeen;
import io.fanfare.doctor.observation.StreamSeen.Arrival;
import org.jspecify.annotations.Nullable;

/**
 * What was held back. The block that was least on its way tells how long the way takes
 * and how the clocks differ; what took longer was held back by the difference.
 *
 * @param finding what was found, or null
 * @param heldMs how long a block was held back at most, or null
 * @param heldBytes how many bytes were sent when the first ones came through, or null
 */
record Delays(@Nullable Finding finding, @Nullable Long heldMs, @Nullable Long heldBytes) {

	/** A line may be slow for as long. */
	static final long HELD_MS = 1_000;

	/** A network may stop for as long. */
	private static final long STALL_MS = 5_000;

	static Delays of(List<StreamSeen> streams) {
		List<StreamSeen> late = streams.stream().filter((stream) -> !held(stream).isEmpty()).toList();
		return isStall(late) ? new Delays(null, null, null) : of(late.getFirst());
	}

	/**
	 * A network that stops holds events back as well, but for some seconds, once, and not
	 * all.
	 */
	private static boolean isStall(List<StreamSeen> late) {
		long last = Long.MAX_VALUE;
		for (long arrived : late.stream()
			.flatMap((stream) -> held(stream).stream())
			.mapToLong(Arrival::arrived)
			.sorted()
			.toArray()) {
			if (arrived - HELD_MS > last) {
				return false;
			}
			last = arrived;
		}
		return late.stream()
			.allMatch((stream) -> longest(stream) <= STALL_MS
					&& stream.blocks().getFirst().arrived() < stream.ended() - HELD_MS / 2);
	}

	private static long longest(StreamSeen stream) {
		long least = least(Stream.of(stream));
		return held(stream).stream().mapToLong((block) -> taken(block) - least).max().orElse(0);
	}

	private static List<Arrival> held(StreamSeen stream) {
		return held(stream.blocks(), least(Stream.of(stream)));
	}

	private static Delays of(StreamSeen stream) {
		long least = least(Stream.of(stream));
		List<Arrival> held = held(stream);
		long longest = longest(stream);
		long released = held.getFirst().arrived();
		String heldFor = "Events were held back for up to " + Diagnosis.seconds(longest) + ", ";
		if (released >= stream.ended() - HELD_MS / 2) {
			return new Delays(new Finding("buffered", heldFor + "until the stream ended."), longest, null);
		}
		long bytes = stream.blocks()
			.stream()
			.filter((block) -> block.at() + least <= released)
			.mapToLong(Arrival::sent)
			.max()
			.orElse(0);
		return new Delays(new Finding("buffered", heldFor + "until about " + bytes + " bytes were sent."), longest,
				bytes);
	}

	/**
	 * Large blocks take their time on a thin line, so one of them is judged only where no
	 * small one was held back, and if it came no sooner than the next one, which was sent
	 * much later: nginx keeps what does not fill its buffer.
	 */
	private static List<Arrival> held(List<Arrival> blocks, long least) {
		List<Arrival> late = blocks.stream().filter((block) -> taken(block) - least > HELD_MS).toList();
		List<Arrival> small = late.stream()
			.filter((block) -> block.event().equals("doctor.hello") || block.event().equals("doctor.tick"))
			.toList();
		if (!small.isEmpty()) {
			return small;
		}
		return late.stream()
			.filter((block) -> blocks.stream()
				.filter((next) -> next.at() > block.at())
				.findFirst()
				.filter((next) -> next.at() - block.at() > HELD_MS
						&& block.arrived() - least >= next.at() - HELD_MS / 2)
				.isPresent())
			.toList();
	}

	/** By how much blocks arrive later than they are sent, clocks included. */
	static long least(Stream<StreamSeen> streams) {
		return streams.flatMap((stream) -> stream.blocks().stream()).mapToLong(Delays::taken).min().orElse(0);
	}

	private static long taken(Arrival block) {
		return block.arrived() - block.at();
	}

}
