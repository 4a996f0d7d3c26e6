@NullMarked
package io.fanfare.node.timer;

import org.jspecify.annotations.NullMarked;
