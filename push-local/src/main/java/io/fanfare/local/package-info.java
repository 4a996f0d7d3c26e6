/**
 * The local cluster: everything in one JVM, for a first look and for development.
 */
@NullMarked
package io.fanfare.local;

import org.jspecify.annotations.NullMarked;
