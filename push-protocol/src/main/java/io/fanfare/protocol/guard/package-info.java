/**
 * What keeps a process going when a part of it fails: barriers, the one scheduler, and
 * the clock that both go by.
 */
@NullMarked
package io.fanfare.protocol.guard;

import org.jspecify.annotations.NullMarked;
