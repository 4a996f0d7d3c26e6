/** How much one network address, or one user, may ask for. */
@NullMarked
package io.fanfare.node.ratelimit;

import org.jspecify.annotations.NullMarked;
