/**
 * The score of a run, for people.
 */
@NullMarked
package io.fanfare.faults.report;

import org.jspecify.annotations.NullMarked;
