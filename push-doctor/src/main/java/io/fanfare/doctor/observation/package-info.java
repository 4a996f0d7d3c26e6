/** What was seen of the way to a node, without an opinion. */
@NullMarked
package io.fanfare.doctor.observation;

import org.jspecify.annotations.NullMarked;
