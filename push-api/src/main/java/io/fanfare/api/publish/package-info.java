/**
 * Publishing messages, one by one or in batches, exactly once per idempotency key.
 */
@NullMarked
package io.fanfare.api.publish;

import org.jspecify.annotations.NullMarked;
