/** What reaches the node over pub/sub, and the proof that it does. */
@NullMarked
package io.fanfare.node.broker;

import org.jspecify.annotations.NullMarked;
