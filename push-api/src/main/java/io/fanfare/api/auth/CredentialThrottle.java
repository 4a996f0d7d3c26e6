package io.fanfare.api.auth;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.protocol.guard.Ticker;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.security.web.util.matcher.IpAddressMatcher;
import org.springframework.stereotype.Component;

/**
 * Bounds how many wrong keys and tokens an address may send, and with it what checking
 * the signatures of tokens costs. API keys are looked up before, for that is cheap; and
 * tokens that were good are checked all the same, so that a caller who shares its address
 * with an attacker goes on. Counted by the generic cell rate algorithm, in this process
 * alone. Any thread may call.
 */
@Component
final class CredentialThrottle {

	/** The policy, as callers know it. */
	static final String POLICY = "refusals";

	static final Duration WINDOW = Duration.ofMinutes(1);

	private static final int MAX_TOKENS = 10_000;

	private final int limit;

	private final List<IpAddressMatcher> exempt;

	private final ClientAddress addresses;

	/** Null where there is no limit. Guarded by the lock, as is what follows. */
	private final @Nullable RefusalCounts counts;

	private final Object lock = new Object();

	/** Digests of tokens that were good. */
	private final Map<ByteBuffer, Boolean> known = new LinkedHashMap<>(16, 0.75f, true) {

		@Override
		protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Boolean> eldest) {
			return size() > MAX_TOKENS;
		}

	};

	private final Counter wrong;

	private final Counter unchecked;

	CredentialThrottle(AddressSettings.Wrong settings, AddressSettings.Exemptions exemptions, ClientAddress addresses,
			Ticker ticker, MeterRegistry meters) {
		this.limit = settings.refusalsPerMinute();
		this.exempt = exemptions.blocks();
		this.addresses = addresses;
		this.counts = (this.limit > 0) ? new RefusalCounts(this.limit, WINDOW, ticker) : null;
		this.wrong = counter(meters, "unauthorized");
		this.unchecked = counter(meters, "quota-exceeded");
	}

	private static Counter counter(MeterRegistry meters, String outcome) {
		return Counter.builder("fanfare.credentials.refused")
			.description("Keys and tokens that were wrong, or refused unchecked")
			.tag("outcome", outcome)
			.register(meters);
	}

	int limit() {
		return this.limit;
	}

	/**
	 * Whether a token is to be refused unchecked.
	 * @param request the request it came with
	 * @param token the token; null for what can be none, and was good at no time
	 * @return for how long, or null if it is to be checked
	 */
	@Nullable Duration refusal(HttpServletRequest request, @Nullable String token) {
		if (this.counts == null) {
			return null;
		}
		InetAddress address = this.addresses.of(request);
		if (ClientAddress.lies(address, this.exempt)) {
			return null;
		}
		synchronized (this.lock) {
			long wait = this.counts.untilNext(address);
			if (wait <= 0 || token != null && this.known.containsKey(ByteBuffer.wrap(ApiKeys.sha256(token)))) {
				return null;
			}
			this.unchecked.increment();
			return Duration.ofNanos(wait);
		}
	}

	/**
	 * Notes that a token was good.
	 * @param token the token
	 */
	void accepted(String token) {
		if (this.counts != null) {
			ByteBuffer digest = ByteBuffer.wrap(ApiKeys.sha256(token));
			synchronized (this.lock) {
				this.known.put(digest, true);
			}
		}
	}

	/**
	 * Notes that a key or token was wrong.
	 * @param request the request it came with
	 */
	void refused(HttpServletRequest request) {
		this.wrong.increment();
		count(request);
	}

	/**
	 * Notes that a signature was checked, and that it cannot be known whether it is
	 * wrong.
	 * @param request the request it came with
	 */
	void checkedInVain(HttpServletRequest request) {
		count(request);
	}

	private void count(HttpServletRequest request) {
		if (this.counts == null) {
			return;
		}
		InetAddress address = this.addresses.of(request);
		if (!ClientAddress.lies(address, this.exempt)) {
			synchronized (this.lock) {
				this.counts.add(address);
			}
		}
	}

}
