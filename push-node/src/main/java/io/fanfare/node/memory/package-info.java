/** Lets go of streams before the process runs out of memory. */
@NullMarked
package io.fanfare.node.memory;

import org.jspecify.annotations.NullMarked;
