/** Who a stream belongs to and what it may hear. */
@NullMarked
package io.fanfare.node.auth;

import org.jspecify.annotations.NullMarked;
