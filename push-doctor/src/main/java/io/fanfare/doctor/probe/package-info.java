/** Asks a node, and observes what arrives when. */
@NullMarked
package io.fanfare.doctor.probe;

import org.jspecify.annotations.NullMarked;
