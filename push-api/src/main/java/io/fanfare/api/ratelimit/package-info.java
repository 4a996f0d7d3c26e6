/**
 * What callers may publish, and the RateLimit fields of each answer.
 */
@NullMarked
package io.fanfare.api.ratelimit;

import org.jspecify.annotations.NullMarked;
