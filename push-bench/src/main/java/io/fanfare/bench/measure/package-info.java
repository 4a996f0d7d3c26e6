/** What is measured, and how. */
@NullMarked
package io.fanfare.bench.measure;

import org.jspecify.annotations.NullMarked;
