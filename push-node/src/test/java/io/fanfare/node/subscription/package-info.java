/** Units of subscriptions. */
@NullMarked
package io.fanfare.node.subscription;

import org.jspecify.annotations.NullMarked;
