package io.fanfare.node.connection;

import java.util.function.LongSupplier;

/**
 * The direct memory of the process. What the allocator keeps for later counts as used.
 * Any thread may call.
 *
 * @param used how many bytes are used; has to be cheap
 * @param most how many there may be
 */
public record DirectMemory(LongSupplier used, long most) {

	/** Up to this share there is plenty. */
	private static final double PLENTY = 0.75;

	/** Above this share what others need may be missing. */
	private static final double NEARLY_USED_UP = 0.9;

	boolean hasPlenty(int more) {
		return this.used.getAsLong() + more <= this.most * PLENTY;
	}

	boolean isNearlyUsedUp(int more) {
		return this.used.getAsLong() + more > this.most * NEARLY_USED_UP;
	}

}
