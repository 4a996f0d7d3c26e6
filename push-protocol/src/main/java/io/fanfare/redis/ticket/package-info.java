/** Tickets in Redis: each the right to one stream, known by its digest alone. */
@NullMarked
package io.fanfare.redis.ticket;

import org.jspecify.annotations.NullMarked;
