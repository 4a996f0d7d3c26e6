package io.fanfare.node.simulation;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.node.simulation.Oracle.Truth;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallRequest.Trace.Stored;
import io.fanfare.protocol.call.CallResult.StreamTrace;
import io.fanfare.protocol.call.TraceStep;
import io.fanfare.redis.history.History;

/**
 * Holds what nodes say of a message on a stream against what they wrote to it. It may be
 * that nothing is known; what is said has to be so.
 */
final class Traces {

	/** So many messages are asked about. */
	private static final int MOST = 40;

	private static final Pattern WRITTEN = Pattern
		.compile("(?:^|\n)id: (\\d+-\\d+)\n(?:(?!data:)[^\n]+\n)*data: ([^\n]*)\n");

	private final Simulation simulation;

	private final Oracle oracle;

	/** What was written to each connection: ids and the first lines of their data. */
	private final Map<String, Set<String>> written = new HashMap<>();

	Traces(Simulation simulation, Oracle oracle) {
		this.simulation = simulation;
		this.oracle = oracle;
	}

	void wrote(String connection, String text) {
		Matcher blocks = WRITTEN.matcher(text);
		while (blocks.find()) {
			this.written.computeIfAbsent(connection, (one) -> new HashSet<>())
				.add(blocks.group(1) + "/" + blocks.group(2));
		}
	}

	void check(int users) {
		Map<Long, Integer> given = new HashMap<>();
		for (int i = 0; i < this.oracle.published(); i++) {
			given.merge(this.oracle.truth(i).id(), 1, Integer::sum);
		}
		int every = Math.max(1, this.oracle.published() / MOST);
		for (int i = 0; i < this.oracle.published(); i += every) {
			Truth one = this.oracle.truth(i);
			// A store that lost data gives an id once more.
			if (given.get(one.id()) == 1) {
				check(one, users);
			}
		}
	}

	private void check(Truth one, int users) {
		ChannelName channel = ChannelName.parse(one.channel());
		History.Batch batch = this.simulation.redis().model().look(channel, one.id() - 1, 1, 1);
		boolean isThere = !batch.entries().isEmpty() && batch.entries().getFirst().id() == one.id();
		Stored stored = isThere ? Stored.STORED
				: (batch.predecessor().id() < one.id()) ? Stored.ABSENT : Stored.TRIMMED;
		for (int i = 0; i < users; i++) {
			String user = "u" + i;
			if (channel.isUser() && !channel.equals(ChannelName.user(user))) {
				continue;
			}
			for (SimulatedNode node : this.simulation.nodes()) {
				if (node.isUp()) {
					node.trace(user, channel, one.id(), stored, isThere ? one.expiresAt() : 0)
						.forEach((told) -> check(one, stored, told));
				}
			}
		}
	}

	private void check(Truth one, Stored stored, StreamTrace told) {
		boolean wasWritten = this.written.getOrDefault(told.connection(), Set.of())
			.contains(MessageId.format(one.id()) + "/" + one.label());
		TraceStep step = TraceStep.of(told.step());
		this.oracle.statistics().asked++;
		switch (step) {
			case UNKNOWN -> this.oracle.statistics().unknown++;
			// The client was notified that it may miss it.
			case GAP -> this.oracle.statistics().gapsTold++;
			default -> {
				boolean says = step == TraceStep.WRITTEN || step == TraceStep.REPLAYED;
				if (says != wasWritten) {
					this.oracle.fail("TRACE", "%s (%s) was %s to %s, but its node says %s", one, stored,
							wasWritten ? "written" : "not written", told.connection(), told);
				}
			}
		}
	}

}
