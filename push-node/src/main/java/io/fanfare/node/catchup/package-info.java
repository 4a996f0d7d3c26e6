/** Reading what a connection missed, once for all that missed the same. */
@NullMarked
package io.fanfare.node.catchup;

import org.jspecify.annotations.NullMarked;
