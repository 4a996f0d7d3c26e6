package io.fanfare.api.cluster;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

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

		Step in(String now) {
			return new Step(this.node, this.name, now, this.sentOn, this.cut);
		}

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
