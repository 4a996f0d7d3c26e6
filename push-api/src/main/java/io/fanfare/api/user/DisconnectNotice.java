package io.fanfare.api.user;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import io.fanfare.api.json.Description;
import io.fanfare.api.json.Field;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.Rule;
import io.fanfare.protocol.CloseReason;

/**
 * How streams are ended by call.
 *
 * @param reason the reason that pages are given
 * @param grace how long after the notice a stream is closed
 */
record DisconnectNotice(CloseReason reason, Duration grace) {

	/**
	 * Those that keep a client from coming back; a takeover is made by a newer client
	 * only.
	 */
	static final Set<CloseReason> STAY_AWAY = EnumSet.of(CloseReason.LOGOUT, CloseReason.PERMISSION_CHANGE,
			CloseReason.REVOKED);

	/** And the one that lets it come back. */
	static final Set<CloseReason> ANY = EnumSet.of(CloseReason.LOGOUT, CloseReason.PERMISSION_CHANGE,
			CloseReason.REVOKED, CloseReason.MAINTENANCE);

	private static final String GRACEFUL = "graceful";

	private static final String NOW = "now";

	static final Field<Rule.Choice> MODE = Field.optional("mode",
			new Rule.Choice(Description.of("Mode",
					"graceful closes a stream 5 seconds after the notice, now at once. Without effect for maintenance.")
				.standard(GRACEFUL), List.of(GRACEFUL, NOW), "must be graceful or now"));

	/** Between the notice and the close, so that a page can say goodbye. */
	private static final Duration GRACE = Duration.ofSeconds(5);

	/**
	 * The reason for which streams are ended.
	 * @param about in words
	 * @param allowed the reasons
	 * @return the field
	 */
	static Field<Rule.Choice> reason(Description about, Set<CloseReason> allowed) {
		List<String> names = allowed.stream().map(CloseReason::wireName).toList();
		return Field.optional("reason", new Rule.Choice(about.standard(CloseReason.LOGOUT.wireName()), names,
				"must be one of " + String.join(", ", names)));
	}

	static DisconnectNotice read(Fields fields, Field<Rule.Choice> reason) {
		Duration grace = NOW.equals(fields.read(MODE)) ? Duration.ZERO : GRACE;
		String name = fields.read(reason);
		CloseReason read = (name != null) ? CloseReason.find(name) : null;
		return new DisconnectNotice((read != null) ? read : CloseReason.LOGOUT, grace);
	}

	/** Whether its pages shall not come back by themselves. */
	boolean isForGood() {
		return this.reason.advice() == CloseReason.Advice.STOP;
	}

}
