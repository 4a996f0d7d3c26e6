/**
 * Strict reading of request bodies: every flaw is named by a JSON pointer.
 */
@NullMarked
package io.fanfare.api.json;

import org.jspecify.annotations.NullMarked;
