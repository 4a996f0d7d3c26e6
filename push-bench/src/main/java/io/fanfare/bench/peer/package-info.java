/** The systems under test, each started as its own processes. */
@NullMarked
package io.fanfare.bench.peer;

import org.jspecify.annotations.NullMarked;
