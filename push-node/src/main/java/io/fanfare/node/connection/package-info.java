/** Connections and the loops that own them: what each is owed, and when it is written. */
@NullMarked
package io.fanfare.node.connection;

import org.jspecify.annotations.NullMarked;
