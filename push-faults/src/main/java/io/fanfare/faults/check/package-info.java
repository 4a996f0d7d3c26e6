/**
 * What was promised against what pages wrote down.
 */
@NullMarked
package io.fanfare.faults.check;

import org.jspecify.annotations.NullMarked;
