/** The client side: opens streams, holds them, counts and times what arrives. */
@NullMarked
package io.fanfare.bench.load;

import org.jspecify.annotations.NullMarked;
