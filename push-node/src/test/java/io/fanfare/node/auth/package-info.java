/** Units of tokens. */
@NullMarked
package io.fanfare.node.auth;

import org.jspecify.annotations.NullMarked;
