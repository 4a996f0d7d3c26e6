package io.fanfare.api.auth;

import jakarta.servlet.http.HttpServletResponse;

/** Learns of each request whose caller is known. */
public interface CallerObserver {

	/**
	 * Called before anything else looks at the request.
	 * @param caller the caller
	 * @param response what the caller will be answered; nothing of it is sent yet
	 */
	void known(Caller caller, HttpServletResponse response);

}
