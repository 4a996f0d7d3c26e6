/** Tests of health and metrics. */
@NullMarked
package io.fanfare.node.observability;

import org.jspecify.annotations.NullMarked;
