/** What a node remembers of messages and streams, to tell later what became of one. */
@NullMarked
package io.fanfare.node.recorder;

import org.jspecify.annotations.NullMarked;
