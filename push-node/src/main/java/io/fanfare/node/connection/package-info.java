/**
 * Connections and the event loops that own them: the registry, the claim of a
 * connection's user, what each connection is owed and when it is written, and what time
 * does to it.
 */
@NullMarked
package io.fanfare.node.connection;

import org.jspecify.annotations.NullMarked;
