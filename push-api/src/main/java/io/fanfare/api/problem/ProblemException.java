package io.fanfare.api.problem;

import java.util.List;

import io.fanfare.protocol.ProblemType;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;

/** Ends a request with a problem document. */
@SuppressWarnings("serial")
public final class ProblemException extends RuntimeException {

	private final transient Problem problem;

	private final transient HttpHeaders headers;

	private ProblemException(Problem problem, HttpHeaders headers) {
		super(problem.detail(), null, false, false);
		this.problem = problem;
		this.headers = headers;
	}

	/**
	 * A problem.
	 * @param type its type
	 * @param detail what happened
	 * @return the exception
	 */
	public static ProblemException of(ProblemType type, @Nullable String detail) {
		return new ProblemException(Problem.of(type, detail), new HttpHeaders());
	}

	/**
	 * A problem with the request.
	 * @param type its type
	 * @param errors what is wrong
	 * @return the exception
	 */
	public static ProblemException of(ProblemType type, List<FieldError> errors) {
		return new ProblemException(Problem.of(type, errors), new HttpHeaders());
	}

	/**
	 * A problem that was made before.
	 * @param problem the document
	 * @return the exception
	 */
	public static ProblemException of(Problem problem) {
		return new ProblemException(problem, new HttpHeaders());
	}

	/**
	 * A problem with one parameter.
	 * @param error what is wrong
	 * @return the exception
	 */
	public static ProblemException invalid(FieldError error) {
		return of(ProblemType.INVALID_REQUEST, List.of(error));
	}

	/**
	 * The same with a header.
	 * @param name the header's name
	 * @param value its value
	 * @return the exception
	 */
	public ProblemException with(String name, String value) {
		HttpHeaders more = new HttpHeaders();
		more.addAll(this.headers);
		more.set(name, value);
		return new ProblemException(this.problem, more);
	}

	/**
	 * The document.
	 * @return the document
	 */
	public Problem problem() {
		return this.problem;
	}

	HttpHeaders headers() {
		return this.headers;
	}

}
