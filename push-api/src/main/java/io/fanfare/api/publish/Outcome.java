package io.fanfare.api.publish;

import io.fanfare.api.problem.Problem;

/** What became of a message. */
sealed interface Outcome {

	/**
	 * It is stored, or was by an earlier request with the same key.
	 *
	 * @param answer the answer
	 * @param replayed whether it is that of the earlier request
	 */
	record Stored(Published answer, boolean replayed) implements Outcome {

	}

	/**
	 * It is not stored, or nobody knows.
	 *
	 * @param problem why
	 */
	record Failed(Problem problem) implements Outcome {

	}

}
