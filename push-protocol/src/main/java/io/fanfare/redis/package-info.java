/**
 * What node and API share of Redis: keys, scripts, and the links that run them.
 */
@NullMarked
package io.fanfare.redis;

import org.jspecify.annotations.NullMarked;
