/** The stream of events that backends read. */
@NullMarked
package io.fanfare.redis.event;

import org.jspecify.annotations.NullMarked;
