@NullMarked
package io.fanfare.node.recorder;

import org.jspecify.annotations.NullMarked;
