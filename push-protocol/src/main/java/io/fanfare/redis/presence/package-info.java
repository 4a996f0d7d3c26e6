/**
 * Who is connected where: the one connection per user, and the connections per address.
 */
@NullMarked
package io.fanfare.redis.presence;

import org.jspecify.annotations.NullMarked;
