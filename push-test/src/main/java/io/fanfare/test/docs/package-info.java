/**
 * Pages of the documentation that tests hold equal to the code.
 */
@NullMarked
package io.fanfare.test.docs;

import org.jspecify.annotations.NullMarked;
