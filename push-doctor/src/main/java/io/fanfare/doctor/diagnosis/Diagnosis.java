package io.fanfare.doctor.diagnosis;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.fanfare.doctor.observation.Observations;
import io.fanfare.doctor.observation.StreamEnd;
import io.fanfare.doctor.observation.StreamSeen;
import io.fanfare.doctor.observation.StreamSeen.Arrival;
import io.fanfare.doctor.observation.StreamSeen.Hello;
import org.jspecify.annotations.Nullable;

/**
 * What observations mean. The browser's doctor judges in the same way, and both are
 * tested by the same cases.
 *
 * @param findings each once, in the order of the {@link Catalogue}
 * @param measured the figures that they rest on
 */
public record Diagnosis(List<Finding> findings, Measured measured) {

	/** The node was being stopped. */
	public static final String DRAINED = "drained";

	private static final long SKEW_MS = 5_000;

	/** After so long without a byte a client gives its stream up. */
	private static final long WATCHDOG_MS = 60_000;

	/**
	 * Judges.
	 * @param seen what was observed
	 * @return what it means
	 */
	public static Diagnosis of(Observations seen) {
		List<Finding> found = new ArrayList<>();
		Collection<StreamSeen> all = seen.streams().values();
		List<StreamSeen> begun = all.stream().filter((stream) -> stream.hello() != null).toList();
		all.stream()
			.filter((stream) -> stream.hello() == null)
			.forEach((stream) -> found.add(Refusal.of(stream, seen.probes().values())));
		Map<String, StreamSeen> own = new LinkedHashMap<>();
		seen.streams().forEach((name, stream) -> {
			Hello hello = stream.hello();
			if (hello != null && stream.nonce().equals(hello.nonce())) {
				own.put(name, stream);
			}
		});
		begun.forEach((stream) -> addOrigin(stream, found));
		addRepeated(own, found);
		Measured measured = own.isEmpty() ? new Measured(null, null, null, null, null, null, null)
				: judge(own, seen, found);
		if (begun.isEmpty()) {
			return new Diagnosis(inOrder(found), measured);
		}
		all.stream()
			.map(StreamSeen::contentEncoding)
			.filter((coding) -> coding != null && !coding.isEmpty() && !coding.equals("identity"))
			.findFirst()
			.ifPresent((coding) -> found
				.add(new Finding("compressed", "Content-Encoding is " + Finding.shown(coding) + ".")));
		Answers.addTo(found, seen, begun);
		String protocol = begun.stream().map(StreamSeen::protocol).filter(Objects::nonNull).findFirst().orElse(null);
		if ("http/1.1".equals(protocol) && (seen.client().equals("browser") || seen.url().startsWith("https:"))) {
			found.add(new Finding("http-1.1", null));
		}
		return new Diagnosis(inOrder(found), new Measured(protocol, measured.heartbeatMs(), measured.skewMs(),
				measured.heldMs(), measured.heldBytes(), measured.cutAfterSilenceMs(), measured.cutAfterMs()));
	}

	/**
	 * Whether any finding is more than a note.
	 * @return whether streams suffer
	 */
	public boolean hasProblems() {
		return this.findings.stream().anyMatch(Finding::isProblem);
	}

	/** Streams that are the answer to another request. */
	private static void addOrigin(StreamSeen stream, List<Finding> found) {
		String nonce = Objects.requireNonNull(stream.hello()).nonce();
		if (nonce == null) {
			found.add(new Finding("query-lost", "The node did not see the nonce."));
		}
		else if (!nonce.equals(stream.nonce())) {
			found.add(new Finding("cached", "The stream has the nonce of another request."));
		}
	}

	/** Asked for at different times, a node does not write twice at the same time. */
	private static void addRepeated(Map<String, StreamSeen> own, List<Finding> found) {
		StreamSeen first = own.get(Observations.PACE);
		StreamSeen again = own.get(Observations.AGAIN);
		if (first != null && again != null && hello(first).at() == hello(again).at()) {
			found.add(new Finding("cached", "The second answer is the first one, once more."));
		}
	}

	/** What the streams say that the node wrote for this run. */
	private static Measured judge(Map<String, StreamSeen> own, Observations seen, List<Finding> found) {
		own.values().forEach((stream) -> addLost(stream, seen.sent(), found));
		own.values().forEach((stream) -> addDrained(stream, found));
		List<StreamSeen> timed = List.of(Observations.PACE, Observations.STEADY)
			.stream()
			.map(own::get)
			.filter(Objects::nonNull)
			.toList();
		Delays delays = Delays.of(timed);
		if (delays.finding() != null) {
			found.add(delays.finding());
		}
		Cuts cuts = Cuts.of(own.get(Observations.PACE), own.get(Observations.STEADY));
		found.addAll(cuts.findings());
		Long skew = timed.isEmpty() ? null : skew(timed);
		if (skew != null && Math.abs(skew) > SKEW_MS) {
			found.add(new Finding("clock-skew",
					"The client's clock is " + seconds(Math.abs(skew)) + ((skew > 0) ? " ahead." : " behind.")));
		}
		long heartbeat = hello(own.values().iterator().next()).heartbeatMs();
		if (heartbeat * 2 > WATCHDOG_MS) {
			found.add(new Finding("heartbeats-too-rare", "The node sends one each " + seconds(heartbeat) + "."));
		}
		return new Measured(null, heartbeat, skew, delays.heldMs(), delays.heldBytes(), cuts.afterSilenceMs(),
				cuts.afterMs());
	}

	private static void addLost(StreamSeen stream, Observations.Sent sent, List<Finding> found) {
		Hello.Request request = hello(stream).request();
		if ("HTTP/1.0".equals(request.protocol())) {
			found.add(new Finding("http-1.0", "The node was asked by HTTP/1.0."));
		}
		if (sent.authorization() && !request.authorization()) {
			found.add(new Finding("authorization-lost", null));
		}
		String id = request.lastEventId();
		if (sent.lastEventId() && !("doctor-" + stream.nonce()).equals(id)) {
			found.add(new Finding("last-event-id-lost",
					(id != null && !id.isEmpty()) ? "The node received " + Finding.shown(id) + "." : null));
		}
		if (sent.cookie() && !request.cookie()) {
			found.add(new Finding("cookie-lost", null));
		}
	}

	/** What the node ends early tells nothing of what would have come. */
	private static void addDrained(StreamSeen stream, List<Finding> found) {
		if (stream.end() == StreamEnd.DRAIN) {
			long after = stream.ended() - Objects.requireNonNullElse(stream.opened(), stream.ended());
			found.add(new Finding(DRAINED, "The node ended a stream after " + seconds(after) + "."));
		}
	}

	/**
	 * By how much the client's clock is ahead at least, or behind at least if negative.
	 */
	private static long skew(List<StreamSeen> streams) {
		long ahead = streams.stream()
			.mapToLong((stream) -> stream.requested() - hello(stream).at())
			.max()
			.orElseThrow();
		long behind = Delays.least(streams.stream());
		return (ahead > 0) ? ahead : Math.min(0, behind);
	}

	private static Hello hello(StreamSeen stream) {
		return Objects.requireNonNull(stream.hello());
	}

	/** The last block of a stream that has one. */
	static @Nullable Arrival last(StreamSeen stream) {
		return stream.blocks().isEmpty() ? null : stream.blocks().getLast();
	}

	/** A time as people read it. */
	static String seconds(long millis) {
		long tenths = Math.round(millis / 100.0);
		return tenths / 10 + ((tenths % 10 != 0) ? "." + tenths % 10 : "") + " s";
	}

	/**
	 * Each finding once, in the order of the catalogue, with the first detail that there
	 * is.
	 */
	private static List<Finding> inOrder(List<Finding> found) {
		return Catalogue.entries()
			.keySet()
			.stream()
			.filter((id) -> found.stream().anyMatch((finding) -> finding.id().equals(id)))
			.map((id) -> new Finding(id,
					found.stream()
						.filter((finding) -> finding.id().equals(id))
						.map(Finding::detail)
						.filter(Objects::nonNull)
						.findFirst()
						.orElse(null)))
			.toList();
	}

}
