/**
 * Erasing messages, and what is kept of a user.
 */
@NullMarked
package io.fanfare.api.erasure;

import org.jspecify.annotations.NullMarked;
