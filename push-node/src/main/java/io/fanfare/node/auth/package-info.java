/** Who a stream belongs to and what it may receive. */
@NullMarked
package io.fanfare.node.auth;

import org.jspecify.annotations.NullMarked;
