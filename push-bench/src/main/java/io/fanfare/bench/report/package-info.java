/** Results as text, JSON, picture and page. */
@NullMarked
package io.fanfare.bench.report;

import org.jspecify.annotations.NullMarked;
