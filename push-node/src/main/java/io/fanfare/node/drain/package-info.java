/** How a node lets its streams go: all of them, or those above its share. */
@NullMarked
package io.fanfare.node.drain;

import org.jspecify.annotations.NullMarked;
