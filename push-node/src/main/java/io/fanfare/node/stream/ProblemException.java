package io.fanfare.node.stream;

/** A request that is answered with a problem. */
@SuppressWarnings("serial")
final class ProblemException extends Exception {

	private final transient Problem problem;

	ProblemException(Problem problem) {
		super(problem.detail(), null, false, false);
		this.problem = problem;
	}

	Problem problem() {
		return this.problem;
	}

}
