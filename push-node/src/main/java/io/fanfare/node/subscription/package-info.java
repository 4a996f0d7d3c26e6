/** Which streams of a loop are subscribed to which topic. */
@NullMarked
package io.fanfare.node.subscription;

import org.jspecify.annotations.NullMarked;
