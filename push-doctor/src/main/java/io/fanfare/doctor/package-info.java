/**
 * The command line: asks a node through what lies in between, and prints what it found.
 */
@NullMarked
package io.fanfare.doctor;

import org.jspecify.annotations.NullMarked;
