/** Owning users: claims, renewals, releases, and what vouches for a write. */
@NullMarked
package io.fanfare.node.presence;

import org.jspecify.annotations.NullMarked;
