package io.fanfare.api.cluster;

import java.time.Duration;
import java.util.List;

import io.fanfare.api.json.CommonRules;
import io.fanfare.api.json.Description;
import io.fanfare.api.json.Field;
import io.fanfare.api.json.RequestRules;
import io.fanfare.api.json.Rule;

import org.springframework.stereotype.Component;

/** What requests that move streams to other nodes may hold. */
@Component
final class DrainRules implements RequestRules {

	/** The longest drain that can be asked for. */
	static final Duration MAX_WINDOW = Duration.ofHours(1);

	private static final Duration MIN_RETURN = Duration.ofSeconds(1);

	private static final Duration MAX_RETURN = Duration.ofHours(1);

	static final Duration DEFAULT_RETURN = Duration.ofMinutes(2);

	static final Field<Rule.Span> WINDOW = Field.optional("window",
			new Rule.Span(Description
				.of("Window",
						"Over how long the streams of a node leave, an ISO-8601 duration of at most "
								+ CommonRules.words(MAX_WINDOW) + ".")
				.example("PT1M"), Duration.ZERO, MAX_WINDOW));

	static final Field<Rule.Whole> RATE = Field.optional("rate",
			new Rule.Whole(Description.of("Rate", "How many streams leave per second."), 1, 100_000));

	static final Field<Rule.Span> RETURN_WITHIN = Field.optional("returnWithin",
			new Rule.Span(Description
				.inside("How long a node may take until one of its name is up again, an ISO-8601 duration from "
						+ CommonRules.words(MIN_RETURN) + " to " + CommonRules.words(MAX_RETURN) + ".")
				.standard(DEFAULT_RETURN.toString()), MIN_RETURN, MAX_RETURN));

	static final Rule.Plain NODE = Rule.Plain
		.of(Description.of("DrainNodeRequest",
				"How fast streams leave, by one of both; as the node is set up where neither is given."), WINDOW, RATE)
		.apart(WINDOW, RATE);

	static final Rule.Plain REBALANCE = Rule.Plain
		.of(Description.of("RebalanceRequest", "How fast streams leave; within a minute by default."), WINDOW);

	static final Rule.Plain CLUSTER = Rule.Plain.of(Description.of("DrainClusterRequest",
			"How fast the streams of a node leave, by one of both; as the node is set up where neither is given."),
			WINDOW, RATE, RETURN_WITHIN)
		.apart(WINDOW, RATE);

	@Override
	public List<Rule> rules() {
		return List.of(NODE, REBALANCE, CLUSTER);
	}

}
