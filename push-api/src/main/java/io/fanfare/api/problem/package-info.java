/**
 * What went wrong, as RFC 9457 problem documents: every answer that is no success.
 */
@NullMarked
package io.fanfare.api.problem;

import org.jspecify.annotations.NullMarked;
