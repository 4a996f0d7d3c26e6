package io.fanfare.node.ratelimit;

import java.net.InetAddress;

import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * How many wrong credentials each address may show this node. Only those are counted, so
 * an address that many share stays open to the right ones. Any thread may call; nothing
 * blocks for long.
 */
public final class RefusalLimits {

	private final LimitSettings limits;

	private final int most;

	private final AddressBlocks exempt;

	private final AddressCounts counts;

	/**
	 * Has counted none yet.
	 * @param limits the window, and which addresses are exempt
	 * @param settings how many
	 * @param ticker the monotonic clock
	 */
	public RefusalLimits(LimitSettings limits, RefusalSettings settings, Ticker ticker) {
		this.limits = limits;
		this.most = settings.refusalsPerMinute();
		this.exempt = limits.exemptBlocks();
		this.counts = new AddressCounts(limits.window(), ticker);
	}

	/**
	 * Counts a credential that was refused.
	 * @param address where its client is
	 * @return the quota that is used up, or null if the client may be told why
	 */
	public @Nullable Quota refused(InetAddress address) {
		if (this.most == 0 || this.exempt.contains(address)) {
			return null;
		}
		synchronized (this.counts) {
			return (this.counts.count(address) > this.most)
					? new Quota("refusals", this.most, this.limits.window(), this.counts.reset()) : null;
		}
	}

}
