/** Units of calls of administrators. */
@NullMarked
package io.fanfare.node.admin;

import org.jspecify.annotations.NullMarked;
