/**
 * Who is admitted to a node: the slots for streams, the waiting room in front of them,
 * and the eviction of streams that make room for others.
 */
@NullMarked
package io.fanfare.node.admission;

import org.jspecify.annotations.NullMarked;
