/**
 * The whole product as processes of their own, and the wires between them.
 */
@NullMarked
package io.fanfare.faults.deployment;

import org.jspecify.annotations.NullMarked;
