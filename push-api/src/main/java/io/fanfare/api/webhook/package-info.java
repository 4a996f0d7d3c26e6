/** Events are sent to a backend by HTTP. */
@NullMarked
package io.fanfare.api.webhook;

import org.jspecify.annotations.NullMarked;
