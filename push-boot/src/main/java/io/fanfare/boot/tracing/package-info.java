/**
 * Spans of a trace: how the process records them, and whether it does. Off unless
 * {@code fanfare.tracing.enabled} is set; then nothing of OpenTelemetry runs.
 */
@NullMarked
package io.fanfare.boot.tracing;

import org.jspecify.annotations.NullMarked;
