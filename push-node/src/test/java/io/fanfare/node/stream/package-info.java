/** Units of the stream port. */
@NullMarked
package io.fanfare.node.stream;

import org.jspecify.annotations.NullMarked;
