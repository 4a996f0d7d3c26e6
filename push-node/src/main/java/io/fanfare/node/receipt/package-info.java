/** The verdicts of messages that clients acknowledged. */
@NullMarked
package io.fanfare.node.receipt;

import org.jspecify.annotations.NullMarked;
