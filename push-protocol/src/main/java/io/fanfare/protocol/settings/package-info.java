/**
 * What settings have in common on nodes and API: their names, how a wrong one is refused,
 * and what keeps secrets out of logs.
 */
@NullMarked
package io.fanfare.protocol.settings;

import org.jspecify.annotations.NullMarked;
