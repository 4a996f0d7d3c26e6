package io.fanfare.faults.scenario;

import java.util.List;
import java.util.function.Consumer;

import io.fanfare.faults.check.Expectations;
import io.fanfare.faults.deployment.Store;
import io.fanfare.test.process.RequiredTool;

/**
 * Something that goes wrong.
 *
 * @param name how to ask for it
 * @param what happens, in a sentence
 * @param store what Redis keeps in it
 * @param expectations what it may cost
 * @param inShort whether every build plays it; the long form plays all
 * @param nodeSettings settings of the nodes that it needs, as arguments
 * @param tools what must be installed for it
 * @param play what is done
 */
public record Scenario(String name, String what, Store store, Expectations expectations, boolean inShort,
		List<String> nodeSettings, List<RequiredTool> tools, Consumer<Stage> play) {

	/**
	 * The same, for the long form alone.
	 * @return the scenario
	 */
	Scenario longOnly() {
		return new Scenario(this.name, this.what, this.store, this.expectations, false, this.nodeSettings, this.tools,
				this.play);
	}

	/**
	 * The same, on nodes of its own.
	 * @param settings of the nodes, as arguments
	 * @return the scenario
	 */
	Scenario on(String... settings) {
		return new Scenario(this.name, this.what, this.store, this.expectations, this.inShort, List.of(settings),
				this.tools, this.play);
	}

	/**
	 * The same, skipped where a tool is missing.
	 * @param needed the tools
	 * @return the scenario
	 */
	Scenario with(RequiredTool... needed) {
		return new Scenario(this.name, this.what, this.store, this.expectations, this.inShort, this.nodeSettings,
				List.of(needed), this.play);
	}

	@Override
	public String toString() {
		return this.name;
	}

}
