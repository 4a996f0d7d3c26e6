/**
 * The link to Redis, and waiting for it within bounds.
 */
@NullMarked
package io.fanfare.api.redis;

import org.jspecify.annotations.NullMarked;
