/**
 * What tests share; each helper sits in the package of what it helps with.
 */
@NullMarked
package io.fanfare.test;

import org.jspecify.annotations.NullMarked;
