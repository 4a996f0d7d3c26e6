/** Units of subscriptions. */
@NullMarked
package io.fanfare.node.broker;

import org.jspecify.annotations.NullMarked;
