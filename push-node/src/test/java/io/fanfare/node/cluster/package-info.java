/** Units of the node's identity. */
@NullMarked
package io.fanfare.node.cluster;

import org.jspecify.annotations.NullMarked;
