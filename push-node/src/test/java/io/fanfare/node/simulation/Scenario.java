package io.fanfare.node.simulation;

import java.util.EnumSet;
import java.util.Set;

/** What may go wrong: the rows of the table that the protocol was checked by. */
enum Scenario {

	NO_FAULTS(2, 3, 1),

	CLIENT_CUTS(2, 2, 1, Fault.TCP_CUT, Fault.HALF_OPEN),

	SLOW_READER(2, 2, 1, Fault.SLOW),

	PUBSUB_LOSS(2, 2, 1, Fault.PUBSUB_CUT, Fault.PUBSUB_BLACK_HOLE),

	INBOX_OVERFLOW(2, 2, 1, Fault.OVERFLOW, Fault.TCP_CUT, Fault.SLOW, Fault.PUBSUB_CUT, Fault.FREEZE),

	CLAIM_TIME_OUT(2, 3, 1, Fault.COMMAND_TIMEOUT),

	COMMAND_LINK_CUT(2, 2, 1, Fault.COMMAND_CUT, Fault.TCP_CUT),

	COMMAND_OUTAGE(2, 2, 1, Fault.COMMAND_OUTAGE, Fault.COMMAND_TIMEOUT),

	NODE_CRASH(2, 2, 1, Fault.CRASH),

	NODE_DRAINED(2, 2, 1, Fault.DRAIN),

	FREEZE_AND_THAW(2, 2, 1, Fault.FREEZE),

	TRIMMING_AND_EXPIRY(2, 2, 1, Fault.TRIM, Fault.TCP_CUT, Fault.SLOW),

	MESSAGES_OF_LIMITED_LIFE(2, 2, 1, Fault.TRIM, Fault.TTL, Fault.TCP_CUT, Fault.SLOW, Fault.FALSE_GAPS),

	REDIS_RESTARTED_EMPTY(2, 2, 1, Fault.REDIS_EMPTY, Fault.FALSE_GAPS, Fault.TCP_CUT),

	REDIS_FROM_AN_OLD_SNAPSHOT(2, 2, 1, Fault.REDIS_SNAPSHOT, Fault.FALSE_GAPS, Fault.TCP_CUT),

	REDIS_FLUSHED(2, 2, 1, Fault.REDIS_FLUSH, Fault.FALSE_GAPS),

	REDIS_FLUSHED_AND_MORE(2, 2, 2, Fault.REDIS_FLUSH, Fault.FALSE_GAPS, Fault.TCP_CUT, Fault.SLOW,
			Fault.COMMAND_TIMEOUT, Fault.COMMAND_CUT, Fault.PUBSUB_CUT, Fault.API_CUT, Fault.TTL),

	TIME_STEPS_BACK(2, 2, 1, Fault.TIME_BACK, Fault.TCP_CUT),

	LEASES_VANISH(2, 2, 1, Fault.OLD, Fault.LEASE_VANISHES, Fault.TCP_CUT, Fault.CRASH),

	FIELDS_VANISH(2, 1, 1, Fault.OLD, Fault.FIELD_VANISHES, Fault.TCP_CUT, Fault.SLOW, Fault.FALSE_GAPS),

	FIELDS_OF_MANY_VANISH(2, 2, 1, Fault.OLD, Fault.FIELD_VANISHES, Fault.TCP_CUT, Fault.SLOW, Fault.FALSE_GAPS),

	FIELDS_VANISH_BEHIND_BROKEN_LINKS(2, 2, 2, Fault.OLD, Fault.FIELD_VANISHES, Fault.TCP_CUT, Fault.HALF_OPEN,
			Fault.COMMAND_CUT, Fault.COMMAND_TIMEOUT, Fault.PUBSUB_CUT, Fault.FALSE_GAPS),

	THE_CLOCK_STEPS(2, 2, 1, Fault.OLD, Fault.TIME_STEPS, Fault.TCP_CUT),

	THE_CLOCK_STEPS_AFTER_A_LOSS(2, 2, 1, Fault.TIME_STEPS_FORWARD, Fault.REDIS_FLUSH, Fault.FALSE_GAPS),

	VOLATILE_KEYS_EVICTED(2, 2, 1, Fault.OLD, Fault.EVICTION, Fault.TCP_CUT, Fault.CRASH, Fault.NOBODY_LEAVES),

	PRESENCE_AND_CLOCK(2, 3, 2, Fault.OLD, Fault.LEASE_VANISHES, Fault.FIELD_VANISHES, Fault.TIME_STEPS, Fault.EVICTION,
			Fault.TCP_CUT, Fault.HALF_OPEN, Fault.SLOW, Fault.COMMAND_TIMEOUT, Fault.COMMAND_CUT, Fault.COMMAND_OUTAGE,
			Fault.PUBSUB_CUT, Fault.FREEZE, Fault.OVERFLOW, Fault.DISCONNECT, Fault.API_CUT, Fault.FALSE_GAPS),

	API_TIME_OUT(2, 2, 1, Fault.API_CUT),

	TWO_TABS_ONE_CLIENT_ID(2, 2, 1, Fault.TWINS, Fault.NOBODY_LEAVES),

	TABS_THAT_COME_BACK_SLOWLY(2, 3, 1, Fault.TWINS, Fault.SLOW_RETRY, Fault.RELOAD, Fault.PUBSUB_CUT,
			Fault.NOBODY_LEAVES),

	CLIENTS_THAT_DO_NOT_STOP(2, 3, 1, Fault.STUBBORN, Fault.PUBSUB_CUT, Fault.TCP_CUT),

	DISCONNECTED_USER(2, 2, 2, Fault.DISCONNECT, Fault.TCP_CUT, Fault.DRAIN),

	REVOKED_RIGHTS(2, 3, 2, Fault.REVOKE, Fault.TCP_CUT, Fault.SLOW, Fault.COMMAND_TIMEOUT, Fault.API_CUT),

	REVOKED_BEHIND_BROKEN_LINKS(3, 3, 2, Fault.REVOKE, Fault.TCP_CUT, Fault.HALF_OPEN, Fault.SLOW, Fault.PUBSUB_CUT,
			Fault.PUBSUB_BLACK_HOLE, Fault.COMMAND_TIMEOUT, Fault.COMMAND_CUT, Fault.COMMAND_OUTAGE, Fault.CRASH,
			Fault.DRAIN, Fault.FREEZE, Fault.OVERFLOW, Fault.API_CUT),

	ERASED_MESSAGES(2, 2, 1, Fault.ERASE, Fault.TCP_CUT, Fault.SLOW, Fault.PUBSUB_CUT, Fault.OVERFLOW),

	ERASED_AND_TRIMMED(2, 2, 1, Fault.ERASE, Fault.TRIM, Fault.TCP_CUT, Fault.SLOW),

	ERASED_USERS(2, 2, 2, Fault.ERASE, Fault.ERASE_USER, Fault.TCP_CUT, Fault.SLOW, Fault.PUBSUB_CUT,
			Fault.COMMAND_CUT),

	EVERYTHING(3, 3, 2, Fault.TCP_CUT, Fault.HALF_OPEN, Fault.SLOW, Fault.PUBSUB_CUT, Fault.PUBSUB_BLACK_HOLE,
			Fault.COMMAND_TIMEOUT, Fault.COMMAND_CUT, Fault.COMMAND_OUTAGE, Fault.CRASH, Fault.DRAIN, Fault.FREEZE,
			Fault.TRIM, Fault.OVERFLOW, Fault.REDIS_EMPTY, Fault.REDIS_SNAPSHOT, Fault.REDIS_FLUSH, Fault.API_CUT,
			Fault.NOBODY_LEAVES, Fault.FALSE_GAPS),

	EVERYTHING_BUT_DATA_LOSS(2, 3, 2, Fault.TCP_CUT, Fault.HALF_OPEN, Fault.SLOW, Fault.PUBSUB_CUT,
			Fault.PUBSUB_BLACK_HOLE, Fault.COMMAND_TIMEOUT, Fault.COMMAND_CUT, Fault.COMMAND_OUTAGE, Fault.CRASH,
			Fault.DRAIN, Fault.FREEZE, Fault.TRIM, Fault.OVERFLOW, Fault.API_CUT),

	TICKETS(3, 3, 2, Fault.TICKETS, Fault.TCP_CUT, Fault.HALF_OPEN, Fault.COMMAND_TIMEOUT, Fault.COMMAND_CUT,
			Fault.COMMAND_OUTAGE, Fault.CRASH, Fault.NOBODY_LEAVES),

	TICKETS_AND_DATA_LOSS(2, 2, 2, Fault.TICKETS, Fault.TCP_CUT, Fault.COMMAND_TIMEOUT, Fault.REDIS_EMPTY,
			Fault.REDIS_SNAPSHOT, Fault.REDIS_FLUSH, Fault.EVICTION, Fault.FALSE_GAPS, Fault.NOBODY_LEAVES);

	private final int nodes;

	private final int pages;

	private final int users;

	@SuppressWarnings("ImmutableEnumChecker") // Read only
	private final Set<Fault> faults;

	Scenario(int nodes, int pages, int users, Fault... faults) {
		this.nodes = nodes;
		this.pages = pages;
		this.users = users;
		this.faults = EnumSet.noneOf(Fault.class);
		this.faults.addAll(Set.of(faults));
	}

	/** What may happen, beyond what always does. */
	enum Fault {

		/** A page loses its connection. */
		TCP_CUT,
		/** … and its node does not notice, or late. */
		HALF_OPEN,
		/** Small windows, pages that read late. */
		SLOW,
		/** A pub/sub link ends. */
		PUBSUB_CUT,
		/** A pub/sub link carries nothing any more. */
		PUBSUB_BLACK_HOLE,
		/** Loops drop what waits for them beyond a few messages. */
		OVERFLOW,
		/** A command is given up; its outcome is unknown. */
		COMMAND_TIMEOUT,
		/** A command link ends. */
		COMMAND_CUT,
		/** A node cannot send commands for longer than a lease; messages reach it. */
		COMMAND_OUTAGE,
		/** A node is killed. */
		CRASH,
		/** A node sends its streams on and ends. */
		DRAIN,
		/** A process or its machine stands still. */
		FREEZE,
		/** Short histories that also expire, and channels that are forgotten. */
		TRIM,
		/** Messages with a time to live of their own, and ephemeral ones. */
		TTL,
		/** Redis starts again with nothing. */
		REDIS_EMPTY,
		/** All keys are deleted; no link is lost. */
		REDIS_FLUSH,
		/** Redis starts again with what it once had. */
		REDIS_SNAPSHOT,
		/** The clock of Redis steps back. */
		TIME_BACK,
		/** The clock of Redis steps by up to 20 s, either way. */
		TIME_STEPS,
		/** The clock of Redis steps forward by up to 90 s. */
		TIME_STEPS_FORWARD,
		/** The store was begun long ago. */
		OLD,
		/** The lease of a node is gone before its time. */
		LEASE_VANISHES,
		/** A field of presence is gone. */
		FIELD_VANISHES,
		/** What would expire some time is gone at once. */
		EVICTION,
		/** The API's link ends; it repeats what it does not know the outcome of. */
		API_CUT,
		/** Two tabs share a client id. */
		TWINS,
		/** Pages come back seconds after they were asked to. */
		SLOW_RETRY,
		/** Pages are loaded again, with the client id that they had. */
		RELOAD,
		/** Clients that were told to stop come back all the same, without a cursor. */
		STUBBORN,
		/** The API disconnects users. */
		DISCONNECT,
		/** Not a fault: pages come by tickets, which may be stolen. */
		TICKETS,
		/** The API revokes users, tokens and topics. */
		REVOKE,
		/** The API erases messages. */
		ERASE,
		/** The API erases users. */
		ERASE_USER,
		/** Not a fault: pages stay. */
		NOBODY_LEAVES,
		/** Not a fault: gaps may be announced where nothing is missing. */
		FALSE_GAPS

	}

	int nodes() {
		return this.nodes;
	}

	int pages() {
		return this.pages;
	}

	int users() {
		return this.users;
	}

	/** Whether so much may go wrong that a schedule had better choose. */
	boolean isWide() {
		return this.faults.size() > 6;
	}

	boolean has(Fault fault) {
		return this.faults.contains(fault);
	}

}
