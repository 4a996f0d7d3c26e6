/**
 * Who is online, and ending users' streams.
 */
@NullMarked
package io.fanfare.api.user;

import org.jspecify.annotations.NullMarked;
