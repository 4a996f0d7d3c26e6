/**
 * Real Redis servers for tests: one shared by ordinary tests, private ones for faults.
 */
@NullMarked
package io.fanfare.test.redis;

import org.jspecify.annotations.NullMarked;
