/** Rights that are taken away before the tokens that gave them expire. */
@NullMarked
package io.fanfare.redis.revocation;

import org.jspecify.annotations.NullMarked;
