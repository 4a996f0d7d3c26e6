/**
 * The nodes that share one Redis: their list, and calls to them.
 */
@NullMarked
package io.fanfare.redis.cluster;

import org.jspecify.annotations.NullMarked;
