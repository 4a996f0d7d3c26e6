package io.fanfare.api.user;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

import io.fanfare.api.json.Fields;
import io.fanfare.protocol.CloseReason;

/**
 * How streams are ended by call.
 *
 * @param reason what pages are told
 * @param grace how long after the notice a stream is closed
 */
record Farewell(CloseReason reason, Duration grace) {

	/** Those that tell a page to stay away; a take-over is made by a newer page only. */
	static final Set<CloseReason> STAY_AWAY = EnumSet.of(CloseReason.LOGOUT, CloseReason.PERMISSION_CHANGE,
			CloseReason.REVOKED);

	/** And the one that lets it come back. */
	static final Set<CloseReason> ANY = EnumSet.of(CloseReason.LOGOUT, CloseReason.PERMISSION_CHANGE,
			CloseReason.REVOKED, CloseReason.MAINTENANCE);

	/** Between the notice and the close, so that a page can say goodbye. */
	private static final Duration GRACE = Duration.ofSeconds(5);

	static Farewell read(Fields fields, Set<CloseReason> allowed) {
		Duration grace = grace(fields);
		return new Farewell(reason(fields, allowed), grace);
	}

	/** Whether its pages shall not come back by themselves. */
	boolean isForGood() {
		return this.reason.advice() == CloseReason.Advice.STOP;
	}

	private static Duration grace(Fields fields) {
		String mode = fields.text("mode");
		if (mode != null && !mode.equals("graceful") && !mode.equals("now")) {
			fields.refuse("mode", "must be graceful or now");
		}
		return "now".equals(mode) ? Duration.ZERO : GRACE;
	}

	private static CloseReason reason(Fields fields, Set<CloseReason> allowed) {
		String name = fields.text("reason");
		CloseReason reason = (name != null) ? CloseReason.find(name) : CloseReason.LOGOUT;
		if (reason == null || !allowed.contains(reason)) {
			fields.refuse("reason",
					"must be one of " + allowed.stream().map(CloseReason::wireName).collect(Collectors.joining(", ")));
			return CloseReason.LOGOUT;
		}
		return reason;
	}

}
