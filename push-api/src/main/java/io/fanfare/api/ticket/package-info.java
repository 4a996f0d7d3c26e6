/** Tickets: each the right to one stream, in place of a token. */
@NullMarked
package io.fanfare.api.ticket;

import org.jspecify.annotations.NullMarked;
