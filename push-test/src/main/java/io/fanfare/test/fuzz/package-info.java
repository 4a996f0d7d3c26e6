/** Inputs that nobody wrote by hand. */
@NullMarked
package io.fanfare.test.fuzz;

import org.jspecify.annotations.NullMarked;
