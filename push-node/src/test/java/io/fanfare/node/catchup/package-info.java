/** Units of catching up. */
@NullMarked
package io.fanfare.node.catchup;

import org.jspecify.annotations.NullMarked;
