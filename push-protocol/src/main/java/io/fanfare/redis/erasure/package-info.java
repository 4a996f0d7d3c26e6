/**
 * Erases messages, and what is kept of a user.
 */
@NullMarked
package io.fanfare.redis.erasure;

import org.jspecify.annotations.NullMarked;
