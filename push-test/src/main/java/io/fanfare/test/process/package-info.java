/**
 * What tests need to run processes: free ports.
 */
@NullMarked
package io.fanfare.test.process;

import org.jspecify.annotations.NullMarked;
