/**
 * Published messages in Redis: stored, read back and trimmed.
 */
@NullMarked
package io.fanfare.redis.history;

import org.jspecify.annotations.NullMarked;
