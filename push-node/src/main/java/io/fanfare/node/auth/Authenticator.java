package io.fanfare.node.auth;

import java.net.InetAddress;
import java.util.function.Consumer;

/** Checks what requests for streams show to prove a right. */
@FunctionalInterface
public interface Authenticator {

	/**
	 * Checks a credential. Never blocks.
	 * @param credential the credential
	 * @param address where the client is
	 * @param then is given what it came to, once: on the calling thread before this
	 * returns, or later on any other thread
	 */
	void authenticate(Credential credential, InetAddress address, Consumer<Authentication> then);

}
