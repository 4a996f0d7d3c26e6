/**
 * What channels retained, and the cursor of now.
 */
@NullMarked
package io.fanfare.api.channel;

import org.jspecify.annotations.NullMarked;
