/** Units of the limits. */
@NullMarked
package io.fanfare.node.ratelimit;

import org.jspecify.annotations.NullMarked;
