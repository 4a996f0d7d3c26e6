/**
 * What tests need to run processes: free ports, installed programs, children that end
 * with the JVM.
 */
@NullMarked
package io.fanfare.test.process;

import org.jspecify.annotations.NullMarked;
