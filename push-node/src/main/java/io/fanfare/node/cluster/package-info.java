/** The node among others: its identity, and what it tells of itself. */
@NullMarked
package io.fanfare.node.cluster;

import org.jspecify.annotations.NullMarked;
