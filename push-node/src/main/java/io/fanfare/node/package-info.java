/**
 * A push node: holds event streams and writes to each what it is owed.
 */
@NullMarked
package io.fanfare.node;

import org.jspecify.annotations.NullMarked;
