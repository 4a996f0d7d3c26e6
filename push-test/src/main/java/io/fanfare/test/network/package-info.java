/**
 * A network that fails: what lies between a client and a server on this machine.
 */
@NullMarked
package io.fanfare.test.network;

import org.jspecify.annotations.NullMarked;
