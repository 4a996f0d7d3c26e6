/**
 * What keeps a process going when a part of it fails: barriers and guarded schedulers.
 */
@NullMarked
package io.fanfare.protocol.guard;

import org.jspecify.annotations.NullMarked;
