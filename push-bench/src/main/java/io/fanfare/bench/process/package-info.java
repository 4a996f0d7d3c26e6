/** Child processes and what the kernel says about them. */
@NullMarked
package io.fanfare.bench.process;

import org.jspecify.annotations.NullMarked;
