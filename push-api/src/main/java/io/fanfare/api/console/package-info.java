/**
 * The page at {@code /}: which streams it offers, and what it may connect to.
 */
@NullMarked
package io.fanfare.api.console;

import org.jspecify.annotations.NullMarked;
