/** From observations to findings: pure functions, without a clock or a network. */
@NullMarked
package io.fanfare.doctor.diagnosis;

import org.jspecify.annotations.NullMarked;
