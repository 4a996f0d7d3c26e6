/**
 * Who calls, what they may do, and tokens for streams.
 */
@NullMarked
package io.fanfare.api.auth;

import org.jspecify.annotations.NullMarked;
