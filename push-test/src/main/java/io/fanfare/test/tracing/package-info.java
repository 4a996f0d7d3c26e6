/** Receives spans as a collector of OpenTelemetry does. */
@NullMarked
package io.fanfare.test.tracing;

import org.jspecify.annotations.NullMarked;
