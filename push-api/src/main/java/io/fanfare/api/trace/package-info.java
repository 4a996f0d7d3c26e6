/** What became of a message on its way to a user. */
@NullMarked
package io.fanfare.api.trace;

import org.jspecify.annotations.NullMarked;
