/** Units of admission. */
@NullMarked
package io.fanfare.node.admission;

import org.jspecify.annotations.NullMarked;
