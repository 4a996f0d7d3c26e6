/** Units of the bytes of event streams. */
@NullMarked
package io.fanfare.node.encoding;

import org.jspecify.annotations.NullMarked;
