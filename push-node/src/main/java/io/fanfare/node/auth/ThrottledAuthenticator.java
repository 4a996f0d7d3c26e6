package io.fanfare.node.auth;

import java.net.InetAddress;
import java.util.function.Consumer;

import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.RefusalLimits;

/**
 * Tells an address that showed too many wrong credentials to come back later. What is
 * right is granted all the same: behind one address there may be an office, and the check
 * of a token costs less than all else of its request. A check that costs more has a limit
 * of its own, before it runs. A ticket costs a look into Redis, and is not looked up for
 * such an address.
 */
public final class ThrottledAuthenticator implements Authenticator {

	private final Authenticator authenticator;

	private final RefusalLimits limits;

	/**
	 * Limits the refusals of an authenticator.
	 * @param authenticator checks credentials
	 * @param limits counts refusals
	 */
	public ThrottledAuthenticator(Authenticator authenticator, RefusalLimits limits) {
		this.authenticator = authenticator;
		this.limits = limits;
	}

	@Override
	public void authenticate(Credential credential, InetAddress address, Consumer<Authentication> then) {
		Quota exceeded = (credential instanceof Credential.Ticket) ? this.limits.exceeded(address) : null;
		if (exceeded != null) {
			then.accept(new Authentication.Limited(exceeded));
			return;
		}
		this.authenticator.authenticate(credential, address,
				(authentication) -> then.accept(limited(authentication, address)));
	}

	private Authentication limited(Authentication authentication, InetAddress address) {
		Quota quota = (authentication instanceof Authentication.Refused) ? this.limits.refused(address) : null;
		return (quota != null) ? new Authentication.Limited(quota) : authentication;
	}

}
