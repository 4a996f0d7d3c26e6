/**
 * The pages at {@code /} and {@code /console}: which streams they offer, what they may
 * connect to, and what a caller may do there.
 */
@NullMarked
package io.fanfare.api.console;

import org.jspecify.annotations.NullMarked;
