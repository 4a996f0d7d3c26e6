/** Events that backends read: who came and who left. */
@NullMarked
package io.fanfare.api.event;

import org.jspecify.annotations.NullMarked;
