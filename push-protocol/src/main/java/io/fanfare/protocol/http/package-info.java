/** What node and API share of their HTTP ports. */
@NullMarked
package io.fanfare.protocol.http;

import org.jspecify.annotations.NullMarked;
