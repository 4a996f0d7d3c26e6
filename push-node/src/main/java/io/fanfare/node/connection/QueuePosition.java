package io.fanfare.node.connection;

import org.jspecify.annotations.Nullable;

/**
 * Where a connection stands in the queue for a slot.
 *
 * @param position how many are admitted before it, and itself
 * @param total how many wait
 * @param estimateMillis how long it will take, from how fast slots became free lately;
 * null while that is not known
 */
public record QueuePosition(int position, int total, @Nullable Long estimateMillis) {

}
