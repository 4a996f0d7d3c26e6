/**
 * Copies of what a user is sent, for administrators.
 */
@NullMarked
package io.fanfare.api.tail;

import org.jspecify.annotations.NullMarked;
