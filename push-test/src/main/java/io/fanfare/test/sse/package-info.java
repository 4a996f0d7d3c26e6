/**
 * An SSE client that sees raw bytes, and follows the HTML standard to the letter.
 */
@NullMarked
package io.fanfare.test.sse;

import org.jspecify.annotations.NullMarked;
