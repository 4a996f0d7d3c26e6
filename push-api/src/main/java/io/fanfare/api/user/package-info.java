/**
 * Who is online, and ending a user's stream.
 */
@NullMarked
package io.fanfare.api.user;

import org.jspecify.annotations.NullMarked;
