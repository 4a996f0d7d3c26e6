package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.util.HashSet;
import java.util.Set;

import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * How many wrong credentials each address may show this node. Only those are counted, so
 * an address that many share stays open to the right ones. Any thread may call; nothing
 * blocks for long.
 */
public final class RefusalLimits {

	/** Those beyond are looked at, and refused then. */
	private static final int MAX_ADDRESSES = 100_000;

	private final LimitSettings limits;

	private final int most;

	private final AddressBlocks exempt;

	private final AddressCounts counts;

	/** The addresses that have used it up, within the window that the counts have. */
	private final Set<String> usedUp = new HashSet<>();

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
			forget();
			if (this.counts.count(address) <= this.most) {
				return null;
			}
			if (this.usedUp.size() < MAX_ADDRESSES) {
				this.usedUp.add(AddressLimits.key(address));
			}
			return quota();
		}
	}

	/**
	 * Whether an address has used it up. Counts nothing: for what costs too much to look
	 * at first.
	 * @param address where a client is
	 * @return the quota that is used up, or null if its credential may be looked at
	 */
	public @Nullable Quota exceeded(InetAddress address) {
		if (this.most == 0) {
			return null;
		}
		synchronized (this.counts) {
			forget();
			return (!this.usedUp.isEmpty() && this.usedUp.contains(AddressLimits.key(address))) ? quota() : null;
		}
	}

	private void forget() {
		if (!this.usedUp.isEmpty() && this.counts.reset().isZero()) {
			this.usedUp.clear();
		}
	}

	private Quota quota() {
		return new Quota(Quota.REFUSALS, this.most, this.limits.window(), this.counts.reset());
	}

}
