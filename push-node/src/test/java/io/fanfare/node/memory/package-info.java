/** Units of the node's identity. */
@NullMarked
package io.fanfare.node.memory;

import org.jspecify.annotations.NullMarked;
