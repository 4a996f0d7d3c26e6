/** The list of emitters that one writes first: a peer of its own. */
@NullMarked
package io.fanfare.bench.naive;

import org.jspecify.annotations.NullMarked;
