/** What callers of the API and of a node's stream port have: a client and tokens. */
@NullMarked
package io.fanfare.test.api;

import org.jspecify.annotations.NullMarked;
