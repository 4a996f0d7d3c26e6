package io.fanfare.api.auth;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The scope that a call needs. Every call under {@code /v1} names one, or is for
 * {@link AnyCaller}: without it the call is refused to all.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface RequiresScope {

	/**
	 * The scope.
	 * @return the scope
	 */
	Scope value();

	/**
	 * Whether it is enough to hold the scope by a pattern. The call then checks itself
	 * that the pattern covers what it is about.
	 * @return whether it is
	 */
	boolean patterns() default false;

}
