package io.fanfare.node.stream;

import org.jspecify.annotations.Nullable;

/**
 * How a request for a stream is refused.
 *
 * @param status whether a refusal that may pass is a status rather than a block
 * @param strict whether a final refusal is a status as well
 * @param code which status, where there is no room
 * @param explains whether a final refusal is a block
 * @param cursor the cursor of the request, where it is one
 */
record RefusalForm(boolean status, boolean strict, int code, boolean explains, @Nullable String cursor) {

}
