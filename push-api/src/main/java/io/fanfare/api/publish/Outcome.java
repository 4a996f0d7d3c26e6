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
	 * @param uncertain whether it may be stored, for some recipients at least, by this
	 * request or by an earlier one with the same key
	 */
	record Failed(Problem problem, boolean uncertain) implements Outcome {

	}

}
