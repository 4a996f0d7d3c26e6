package io.fanfare.api.user;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import io.fanfare.api.json.CommonRules;
import io.fanfare.api.json.Description;
import io.fanfare.api.json.Field;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.Rule;
import io.fanfare.protocol.CloseReason;
import org.jspecify.annotations.Nullable;

/**
 * How streams are ended by call.
 *
 * @param reason the reason that pages are given
 * @param grace how long after the notice a stream is closed
 * @param message what pages are given besides, or null
 * @param block how long every token of the users is refused, or null
 */
record DisconnectNotice(CloseReason reason, Duration grace, @Nullable String message, @Nullable Duration block) {

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
			new Rule.Choice(Description
				.of("Mode", "graceful closes a stream after a delay, now at once. Without effect for maintenance.")
				.standard(GRACEFUL), List.of(GRACEFUL, NOW), "must be graceful or now"));

	/** Between the notice and the close, so that a page can say goodbye. */
	private static final Duration GRACE = Duration.ofSeconds(5);

	private static final Duration MAX_GRACE = Duration.ofMinutes(5);

	private static final Duration MAX_BLOCK = Duration.ofDays(366);

	static final Field<Rule.Span> DELAY = Field.optional("delay",
			new Rule.Span(Description
				.inside("How long after the notice a stream is closed, an ISO-8601 duration of at most "
						+ CommonRules.words(MAX_GRACE) + ". The notice tells it. Not with mode now.")
				.standard(GRACE.toString()), Duration.ZERO, MAX_GRACE));

	static final Field<Rule.Text> MESSAGE = Field.optional("message",
			CommonRules.line("What clients are given besides the reason, for people."));

	static final Field<Rule.Span> BLOCK = Field.optional("block",
			new Rule.Span(Description
				.inside("For so long every token of the users is refused, whenever it was issued: an ISO-8601 duration"
						+ " from PT1S to " + MAX_BLOCK + ". Only with users, and not with maintenance.")
				.example("PT1H"), Duration.ofSeconds(1), MAX_BLOCK));

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
		boolean now = NOW.equals(fields.read(MODE));
		Duration delay = fields.read(DELAY);
		if (now && delay != null && !delay.isZero()) {
			fields.refuse(DELAY, "cannot stand beside mode now");
		}
		Duration grace = now ? Duration.ZERO : (delay != null) ? delay : GRACE;
		String message = fields.read(MESSAGE);
		Duration block = fields.read(BLOCK);
		String name = fields.read(reason);
		CloseReason read = (name != null) ? CloseReason.find(name) : null;
		if (block != null && read == CloseReason.MAINTENANCE) {
			fields.refuse(BLOCK, "cannot stand beside maintenance, after which clients come back");
		}
		return new DisconnectNotice((read != null) ? read : CloseReason.LOGOUT, grace, message, block);
	}

	/** Whether its pages shall not come back by themselves. */
	boolean isForGood() {
		return this.reason.advice() == CloseReason.Advice.STOP;
	}

}
