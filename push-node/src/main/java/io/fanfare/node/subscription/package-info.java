/** Who on a loop hears which topic. */
@NullMarked
package io.fanfare.node.subscription;

import org.jspecify.annotations.NullMarked;
