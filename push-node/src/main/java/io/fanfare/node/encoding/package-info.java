/**
 * The bytes of event streams: the blocks of the platform itself, the backlogs of messages
 * that connections are owed, the chunk that connections share when they are owed the
 * same, and the gzip coding. Everything here belongs to one event loop, or is stateless.
 */
@NullMarked
package io.fanfare.node.encoding;

import org.jspecify.annotations.NullMarked;
