/** The event-stream format: how blocks are written. */
@NullMarked
package io.fanfare.protocol.sse;

import org.jspecify.annotations.NullMarked;
