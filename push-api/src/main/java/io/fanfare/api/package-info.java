/**
 * The API: what backends publish with and operators look at the cluster through.
 */
@NullMarked
package io.fanfare.api;

import org.jspecify.annotations.NullMarked;
