package io.fanfare.api.ratelimit;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

import io.fanfare.api.auth.ApiKeys;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.redis.history.PublishQuota;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * What each caller may publish, and what is known here of how much of it is left: what
 * Redis answered last to a publish of this process, and what has grown back since. Any
 * thread may call.
 */
@Component
public final class CallerLimits {

	/** Of those above it that published least recently nothing is known any more. */
	private static final int MAX_CALLERS = 10_000;

	private static final LimitSettings.Quotas NONE = new LimitSettings.Quotas(0, 0, 0);

	private final LimitSettings.Quotas common;

	private final Map<String, LimitSettings.Quotas> own;

	private final Ticker ticker;

	private final Map<String, Seen> seen = new LinkedHashMap<>(16, 0.75f, true) {

		@Override
		protected boolean removeEldestEntry(Map.Entry<String, Seen> eldest) {
			return size() > MAX_CALLERS;
		}

	};

	@Autowired
	CallerLimits(LimitSettings settings, ApiKeys keys, Ticker ticker) {
		this(settings, ticker);
		settings.check(keys::isNamed);
	}

	CallerLimits(LimitSettings settings, Ticker ticker) {
		this(settings.common(), settings.own(), ticker);
	}

	private CallerLimits(LimitSettings.Quotas common, Map<String, LimitSettings.Quotas> own, Ticker ticker) {
		this.common = common;
		this.own = Map.copyOf(own);
		this.ticker = ticker;
	}

	/** Limits no caller. */
	public static CallerLimits none() {
		return new CallerLimits(NONE, Map.of(), () -> 0);
	}

	/** What was used, and when that was known. */
	private record Seen(PublishQuota.Used used, long at) {

	}

	/**
	 * The account of one caller.
	 * @param caller the id of the caller
	 * @return its account
	 */
	public Account account(String caller) {
		LimitSettings.Quotas quotas = this.own.getOrDefault(caller, this.common);
		return new Account(quotas.isEmpty() ? null : quotas.of(caller));
	}

	/** What one caller may publish. */
	public final class Account {

		private final @Nullable PublishQuota quota;

		private Account(@Nullable PublishQuota quota) {
			this.quota = quota;
		}

		/**
		 * What the caller may publish.
		 * @return the quotas, or null for any number
		 */
		public @Nullable PublishQuota quota() {
			return this.quota;
		}

		/**
		 * Notes what Redis answered.
		 * @param used what is used
		 */
		public void observe(PublishQuota.Used used) {
			if (this.quota != null) {
				Seen now = new Seen(used, CallerLimits.this.ticker.nanoTime());
				synchronized (CallerLimits.this.seen) {
					CallerLimits.this.seen.put(this.quota.caller(), now);
				}
			}
		}

		/** The fields of an answer to the caller, or null where it has no quota. */
		@Nullable RateLimitFields fields() {
			return (this.quota != null) ? RateLimitFields.of(this.quota, used(this.quota.caller())) : null;
		}

		private PublishQuota.Used used(String caller) {
			Seen last;
			synchronized (CallerLimits.this.seen) {
				last = CallerLimits.this.seen.get(caller);
			}
			if (last == null) {
				return new PublishQuota.Used(Duration.ZERO, Duration.ZERO);
			}
			Duration since = Duration.ofNanos(CallerLimits.this.ticker.nanoTime() - last.at());
			return new PublishQuota.Used(rest(last.used().bytes(), since), rest(last.used().channels(), since));
		}

		private static Duration rest(Duration used, Duration since) {
			return (used.compareTo(since) > 0) ? used.minus(since) : Duration.ZERO;
		}

	}

}
