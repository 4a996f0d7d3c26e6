/**
 * Errors and standstills inside a process that knows nothing of tests: methods of its
 * classes throw or sleep while it runs.
 */
@NullMarked
package io.fanfare.test.injection;

import org.jspecify.annotations.NullMarked;
