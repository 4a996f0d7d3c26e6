/**
 * The nodes and what they carry.
 */
@NullMarked
package io.fanfare.api.cluster;

import org.jspecify.annotations.NullMarked;
