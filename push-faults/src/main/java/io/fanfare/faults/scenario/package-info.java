/**
 * What fails, when, and for how long: a scenario is a short text of sentences about a
 * deployment in use.
 */
@NullMarked
package io.fanfare.faults.scenario;

import org.jspecify.annotations.NullMarked;
