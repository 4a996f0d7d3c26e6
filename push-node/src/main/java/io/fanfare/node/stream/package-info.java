/** The stream port: HTTP in, event streams out. */
@NullMarked
package io.fanfare.node.stream;

import org.jspecify.annotations.NullMarked;
