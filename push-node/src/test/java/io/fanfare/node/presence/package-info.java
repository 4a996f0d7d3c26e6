/** Units of presence. */
@NullMarked
package io.fanfare.node.presence;

import org.jspecify.annotations.NullMarked;
