/**
 * What nodes and API share: messages, channels, ids, close reasons.
 */
@NullMarked
package io.fanfare.protocol;

import org.jspecify.annotations.NullMarked;
