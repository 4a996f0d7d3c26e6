package io.fanfare.redis;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.fanfare.test.redis.RedisUser;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * {@code redis/users.acl} allows each process what its scripts and its own commands need,
 * and nothing more.
 */
class RedisUsersTests {

	/** A word in capitals is a command, or one of the options. */
	private static final Pattern WORD = Pattern.compile("'([A-Z]{2,})'");

	private static final Set<String> OPTIONS = Set.of("COUNT", "CREATE", "GROUP", "GT", "JUSTID", "KEEPTTL", "MAXLEN",
			"MINID", "MKSTREAM", "LIMIT", "NX", "OK", "PX", "PXAT", "STREAMS");

	private static final Pattern ALLOWED = Pattern.compile("(?<= )\\(?\\+([a-z|]+)");

	/**
	 * What processes send besides scripts; the first line of each link is the greeting.
	 */
	private static final List<String> OF_BOTH = List.of("info", "script|load", "eval", "evalsha", "get", "set", "hdel",
			"publish", "subscribe", "unsubscribe");

	/** Which nodes exist, what a ticket says, and what a node that ended left. */
	private static final List<String> OF_A_NODE = List.of("hgetall", "hkeys", "hmget");

	private static final List<String> OF_THE_API = List.of("time", "hget", "hmget", "exists", "mget", "hgetall",
			"hkeys", "xack");

	/** Whose script it is. */
	private static Set<RedisUser> users(Script script) {
		return switch (script) {
			// A node publishes where it warms up; the API reads one message to tell what
			// became of it
			case PUBLISH_MESSAGES, READ_HISTORY, CHECK_CHANNELS, OPEN_PARTITION, CHECK_WRITES, ISSUE_TICKET ->
				EnumSet.of(RedisUser.NODE, RedisUser.API);
			case CLAIM_USER, RELEASE_USERS, RENEW_USERS, REAP_PRESENCE, ADMIT_ADDRESS, RENEW_ADDRESSES, FIND_START,
					PROBE_NODE, FORGET_CHANNELS, TRIM_HISTORY, PUT_NODE, PUT_HANDOVER, SPEND_TICKET, CHECK_TOKEN,
					SETTLE_RECEIPTS ->
				EnumSet.of(RedisUser.NODE);
			case DISCONNECT_USER, READ_PAGE, LEAD_DRAIN, LEAD_ALERTS, PUT_REVOCATION, LIFT_REVOCATION, READ_REVOCATIONS,
					ERASE_MESSAGE, ERASE_USER, SWEEP_EVENTS, TAKE_EVENTS, SWEEP_RECEIPTS ->
				EnumSet.of(RedisUser.API);
		};
	}

	@Test
	void aNodeMayDoWhatItDoes() {
		assertThat(allowed(RedisUser.NODE))
			.isEqualTo(needed(RedisUser.NODE, Stream.of(OF_BOTH, OF_A_NODE).flatMap(List::stream).toList()));
	}

	@Test
	void theApiMayDoWhatItDoes() {
		assertThat(allowed(RedisUser.API))
			.isEqualTo(needed(RedisUser.API, Stream.of(OF_BOTH, OF_THE_API).flatMap(List::stream).toList()));
	}

	/**
	 * Redis reads its append-only file as the user default, as whom no process logs in.
	 */
	@Test
	void nobodyGetsInWithoutAPassword() {
		assertThat(RedisUser.shipped()).hasSize(5)
			.contains("user default off resetpass ~* &* +@all",
					"user fanfare-health on nopass resetkeys resetchannels -@all +ping");
		assertThat(RedisUser.shipped().stream().filter((line) -> line.contains("nopass"))).hasSize(1);
		assertThat(RedisUser.shipped().stream().filter((line) -> line.contains("+@all") && !line.contains(" off ")))
			.singleElement(InstanceOfAssertFactories.STRING)
			.startsWith("user fanfare-operator on #FANFARE_REDIS_OPERATOR_PASSWORD ");
	}

	private static Set<String> allowed(RedisUser user) {
		return RedisUser.shipped()
			.stream()
			.filter((line) -> line.startsWith("user " + user.login() + " "))
			.flatMap((line) -> ALLOWED.matcher(line).results())
			.map((command) -> command.group(1))
			.collect(Collectors.toCollection(TreeSet::new));
	}

	private static Set<String> needed(RedisUser user, List<String> commands) {
		Set<String> all = new TreeSet<>(commands);
		Arrays.stream(Script.values())
			.filter((script) -> users(script).contains(user))
			.map((script) -> new String(script.source(), StandardCharsets.UTF_8))
			.flatMap((source) -> WORD.matcher(source.replaceAll("(?m)--.*$", "")).results())
			.map((word) -> word.group(1))
			.filter((word) -> !OPTIONS.contains(word))
			.map((command) -> command.toLowerCase(Locale.ROOT))
			// A group is made, never destroyed
			.map((command) -> command.equals("xgroup") ? "xgroup|create" : command)
			.forEach(all::add);
		return all;
	}

}
