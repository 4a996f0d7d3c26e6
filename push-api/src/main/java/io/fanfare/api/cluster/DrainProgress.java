package io.fanfare.api.cluster;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.json.JsonMapper;

/**
 * How a drain of the cluster gets on.
 *
 * @param state {@code none}, {@code running}, {@code done} or {@code failed}
 * @param startedAt when it began; absent if there was none
 * @param updatedAt when this was so
 * @param nodes the nodes in their order
 * @param problem why it failed
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record DrainProgress(@Schema(allowableValues = {
		"none", "running", "done", "failed" }) String state, @Nullable Instant startedAt, @Nullable Instant updatedAt,
		List<Step> nodes, @Nullable String problem){

	private static final Set<String> STATES = Set.of("none", "running", "done", "failed");

	/** Checks that it is one. */
	DrainProgress {
		if (!STATES.contains(state)) {
			throw new IllegalArgumentException("state is not known");
		}
		nodes = List.copyOf(nodes);
	}

	static final DrainProgress NONE = new DrainProgress("none", null, null, List.of(), null);

	/**
	 * One node.
	 *
	 * @param node its identity when it began
	 * @param name its name
	 * @param state {@code pending}, {@code draining}, {@code returning} (its process
	 * ended) or {@code back}
	 * @param sentOn how many streams it sent on, once that is known
	 * @param cut how many it cut
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	@Schema(name = "DrainStep")
	record Step(@Schema(example = "node-1.x7Gh2kPq") String node, @Schema(example = "node-1") String name,
			@Schema(allowableValues = {
					"pending", "draining", "returning", "back" }) String state,
			@Nullable Integer sentOn, @Nullable Integer cut){

		/** Checks that nothing is missing. */
		Step {
			Objects.requireNonNull(node, "node is missing");
			Objects.requireNonNull(name, "name is missing");
			Objects.requireNonNull(state, "state is missing");
		}

		Step in(String now) {
			return new Step(this.node, this.name, now, this.sentOn, this.cut);
		}

	}

	/**
	 * Reads what is in Redis.
	 * @throws tools.jackson.core.JacksonException if that is no progress
	 */
	static DrainProgress read(JsonMapper mapper, byte[] json) {
		DrainProgress progress = mapper.readValue(json, DrainProgress.class);
		if (progress == null) {
			throw DatabindException.from((JsonParser) null, "The progress is null");
		}
		return progress;
	}

	/** The same with another step in a place. */
	DrainProgress with(int place, Step step, Instant now) {
		List<Step> steps = new ArrayList<>(this.nodes);
		steps.set(place, step);
		return new DrainProgress(this.state, this.startedAt, now, List.copyOf(steps), this.problem);
	}

	DrainProgress ended(String how, @Nullable String why, Instant now) {
		return new DrainProgress(how, this.startedAt, now, this.nodes, why);
	}

}
