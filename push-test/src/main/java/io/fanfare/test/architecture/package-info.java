/**
 * Rules of the architecture that several modules hold.
 */
@NullMarked
package io.fanfare.test.architecture;

import org.jspecify.annotations.NullMarked;
