/** Inputs that are made at random. */
@NullMarked
package io.fanfare.test.fuzz;

import org.jspecify.annotations.NullMarked;
