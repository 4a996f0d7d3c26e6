/**
 * One line per administrative act and per kind of refusal, from which no client can forge
 * another.
 */
@NullMarked
package io.fanfare.protocol.audit;

import org.jspecify.annotations.NullMarked;
