package io.fanfare.api.json;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ProblemType;

import org.springframework.web.util.UriUtils;

/**
 * Collects what is wrong with a body, so that a caller learns of all at once. Not for use
 * by several threads.
 */
public final class FieldErrors {

	/** More are not reported: a body of a megabyte can hold many. */
	private static final int MAX = 50;

	private static final int MAX_NAME = 64;

	private final List<FieldError> errors = new ArrayList<>();

	private boolean onlySize = true;

	/**
	 * Notes an error.
	 * @param pointer where
	 * @param detail what
	 */
	public void add(String pointer, String detail) {
		this.onlySize = false;
		note(FieldError.at(pointer, detail));
	}

	/**
	 * Notes something that is too large, and otherwise as it should be.
	 * @param pointer where
	 * @param detail what
	 */
	public void addTooLarge(String pointer, String detail) {
		note(FieldError.at(pointer, detail));
	}

	private void note(FieldError error) {
		if (this.errors.size() < MAX) {
			this.errors.add(error);
		}
	}

	/** Whether further errors are not noted. */
	boolean isFull() {
		return this.errors.size() == MAX;
	}

	/**
	 * Reports whether there are no errors.
	 * @return whether there are none
	 */
	public boolean isEmpty() {
		return this.errors.isEmpty();
	}

	/**
	 * Ends the request if there are any.
	 * @throws ProblemException if so
	 */
	public void check() {
		if (!isEmpty()) {
			throw problem();
		}
	}

	/**
	 * What ends the request.
	 * @return the problem
	 */
	public ProblemException problem() {
		return ProblemException.of(
				(this.onlySize && !isEmpty()) ? ProblemType.CONTENT_TOO_LARGE : ProblemType.INVALID_REQUEST,
				this.errors);
	}

	/**
	 * The pointer to a member.
	 * @param parent the pointer to the object or list
	 * @param name the member's name or index
	 * @return the pointer
	 */
	public static String pointer(String parent, String name) {
		if (isPlain(name)) {
			return parent + "/" + name;
		}
		String shown = (name.length() > MAX_NAME) ? name.substring(0, MAX_NAME) : name;
		String escaped = shown.replace("~", "~0").replace("/", "~1");
		return parent + "/" + UriUtils.encodeFragment(escaped, StandardCharsets.UTF_8);
	}

	/** As nearly all are, so that a pointer that is not reported costs little. */
	private static boolean isPlain(String name) {
		if (name.length() > MAX_NAME) {
			return false;
		}
		for (int i = 0; i < name.length(); i++) {
			char c = name.charAt(i);
			if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9')) {
				return false;
			}
		}
		return true;
	}

}
