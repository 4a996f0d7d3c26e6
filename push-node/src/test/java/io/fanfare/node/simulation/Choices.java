package io.fanfare.node.simulation;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/** What could happen next, each with a weight. */
final class Choices {

	private Runnable[] actions = new Runnable[64];

	private int[] weights = new int[64];

	private int size;

	private int total;

	void clear() {
		this.size = 0;
		this.total = 0;
	}

	boolean isEmpty() {
		return this.total == 0;
	}

	void add(int weight, Runnable action) {
		if (weight <= 0) {
			return;
		}
		if (this.size == this.actions.length) {
			this.actions = Arrays.copyOf(this.actions, this.size * 2);
			this.weights = Arrays.copyOf(this.weights, this.size * 2);
		}
		this.actions[this.size] = action;
		this.weights[this.size++] = weight;
		this.total += weight;
	}

	Runnable pick(RandomGenerator random) {
		int left = random.nextInt(this.total);
		for (int i = 0; i < this.size; i++) {
			left -= this.weights[i];
			if (left < 0) {
				return this.actions[i];
			}
		}
		throw new IllegalStateException("Nothing to choose from");
	}

}
