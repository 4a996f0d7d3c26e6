/** Units of connections and their loops. */
@NullMarked
package io.fanfare.node.connection;

import org.jspecify.annotations.NullMarked;
