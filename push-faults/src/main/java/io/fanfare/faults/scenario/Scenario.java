package io.fanfare.faults.scenario;

import java.util.function.Consumer;

import io.fanfare.faults.check.Expectations;
import io.fanfare.faults.deployment.Deployment.Store;

/**
 * Something that goes wrong.
 *
 * @param name how to ask for it
 * @param what happens, in a sentence
 * @param store what Redis keeps in it
 * @param expectations what it may cost
 * @param play what is done
 */
public record Scenario(String name, String what, Store store, Expectations expectations, Consumer<Stage> play) {

	@Override
	public String toString() {
		return this.name;
	}

}
