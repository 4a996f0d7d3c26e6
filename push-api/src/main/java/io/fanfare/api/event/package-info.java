/** Events that backends read: who came and who left, and which messages arrived. */
@NullMarked
package io.fanfare.api.event;

import org.jspecify.annotations.NullMarked;
