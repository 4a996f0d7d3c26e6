/**
 * What the API and the nodes say to each other: the calls, their answers, and the JSON of
 * both.
 */
@NullMarked
package io.fanfare.protocol.call;

import org.jspecify.annotations.NullMarked;
