/** Tests of the node as a whole, and what they share. */
@NullMarked
package io.fanfare.node;

import org.jspecify.annotations.NullMarked;
