package io.fanfare.api.auth;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
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

	/** Above it, addresses that are not counted yet share one count. */
	static final int MAX_ADDRESSES = 10_000;

	/** More than come, so that those which nothing counts of any more do not stay. */
	private static final int FORGOTTEN_AT_ONCE = 2;

	private static final int MAX_TOKENS = 10_000;

	private static final ByteBuffer OTHERS = ByteBuffer.allocate(0);

	private static final int IPV6_NETWORK_BYTES = 8;

	private final int limit;

	private final List<IpAddressMatcher> exempt;

	private final ClientAddress addresses;

	private final Ticker ticker;

	/** When nothing counts any more; the least recently refused first. */
	private final Map<ByteBuffer, Long> endings = new LinkedHashMap<>();

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
		this.ticker = ticker;
		this.wrong = counter(meters, "unauthorized");
		this.unchecked = counter(meters, "quota-exceeded");
	}

	private static Counter counter(MeterRegistry meters, String outcome) {
		return Counter.builder("fanfare.credentials.refused")
			.description("Keys and tokens that were wrong, or refused unchecked")
			.tag("outcome", outcome)
			.register(meters);
	}

	/** How many addresses are counted. */
	int addresses() {
		synchronized (this.endings) {
			return this.endings.size();
		}
	}

	int limit() {
		return this.limit;
	}

	/**
	 * Whether a token is to be refused unchecked.
	 * @param request the request it came with
	 * @param token the token
	 * @return for how long, or null if it is to be checked
	 */
	@Nullable Duration refusal(HttpServletRequest request, String token) {
		ByteBuffer address = (this.limit > 0) ? key(request) : null;
		if (address == null) {
			return null;
		}
		synchronized (this.endings) {
			long now = this.ticker.nanoTime();
			Long ending = this.endings.get(counted(address, now));
			long wait = (ending != null) ? ending - now + unit() - WINDOW.toNanos() : 0;
			if (wait <= 0 || this.known.containsKey(ByteBuffer.wrap(ApiKeys.sha256(token)))) {
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
		if (this.limit > 0) {
			ByteBuffer digest = ByteBuffer.wrap(ApiKeys.sha256(token));
			synchronized (this.endings) {
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
		ByteBuffer address = (this.limit > 0) ? key(request) : null;
		if (address != null) {
			synchronized (this.endings) {
				long now = this.ticker.nanoTime();
				ByteBuffer counted = counted(address, now);
				Long ending = this.endings.remove(counted);
				this.endings.put(counted, ((ending != null && ending - now > 0) ? ending : now) + unit());
			}
		}
	}

	/** How long one takes to be forgotten. */
	private long unit() {
		return WINDOW.toNanos() / this.limit;
	}

	/** The address, or what stands for all others where there are too many. */
	private ByteBuffer counted(ByteBuffer address, long now) {
		if (this.endings.containsKey(address)) {
			return address;
		}
		Iterator<Long> eldest = this.endings.values().iterator();
		for (int i = 0; i < FORGOTTEN_AT_ONCE && eldest.hasNext() && eldest.next() - now <= 0; i++) {
			eldest.remove();
		}
		return (this.endings.size() < MAX_ADDRESSES) ? address : OTHERS;
	}

	/** An IPv6 network is given to one customer. Null where no limit holds. */
	private @Nullable ByteBuffer key(HttpServletRequest request) {
		InetAddress address = this.addresses.of(request);
		if (ClientAddress.lies(address, this.exempt)) {
			return null;
		}
		byte[] bytes = address.getAddress();
		return ByteBuffer.wrap((address instanceof Inet6Address) ? Arrays.copyOf(bytes, IPV6_NETWORK_BYTES) : bytes);
	}

}
