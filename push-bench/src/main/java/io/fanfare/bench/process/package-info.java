/** The programs that a benchmark starts. */
@NullMarked
package io.fanfare.bench.process;

import org.jspecify.annotations.NullMarked;
