/**
 * What nodes and the API do in Redis: keys, scripts, pub/sub frames, and the link that
 * runs them.
 */
@NullMarked
package io.fanfare.protocol.redis;

import org.jspecify.annotations.NullMarked;
