/** Measures Fanfare beside its peers: one client, one payload, one run. */
@NullMarked
package io.fanfare.bench;

import org.jspecify.annotations.NullMarked;
