package io.fanfare.api.problem;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import io.fanfare.protocol.ProblemType;

/**
 * The problems that a call answers with besides those that every call can, for its
 * description.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Answers {

	/**
	 * The problems.
	 * @return their types
	 */
	ProblemType[] value();

}
