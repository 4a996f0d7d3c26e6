/** The publishing side: messages at their scheduled time, over HTTP. */
@NullMarked
package io.fanfare.bench.publish;

import org.jspecify.annotations.NullMarked;
