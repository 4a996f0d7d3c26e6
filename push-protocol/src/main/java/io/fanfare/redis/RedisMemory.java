package io.fanfare.redis;

import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the server says of its memory.
 *
 * @param used bytes that it has taken for data, buffers and itself
 * @param limit its {@code maxmemory} in bytes; 0 for none
 */
public record RedisMemory(long used, long limit) {

	private static final Pattern USED = Pattern.compile("^used_memory:(\\d{1,18}+)", Pattern.MULTILINE);

	private static final Pattern LIMIT = Pattern.compile("^maxmemory:(\\d{1,18}+)", Pattern.MULTILINE);

	/**
	 * Asks the server. That costs it some 50 us. Any thread may call.
	 * @param link the link
	 * @return what it says; fails with a {@link RedisUnavailableException} where Redis
	 * does not answer in time
	 */
	public static CompletableFuture<RedisMemory> of(CommandLink link) {
		return link.call((commands) -> commands.info("memory")).thenApply(RedisMemory::parse);
	}

	static RedisMemory parse(String info) {
		return new RedisMemory(number(USED, info), number(LIMIT, info));
	}

	private static long number(Pattern pattern, String info) {
		Matcher matcher = pattern.matcher(info);
		if (!matcher.find()) {
			throw new RedisUnavailableException("Redis does not report its memory", null);
		}
		return Long.parseLong(matcher.group(1));
	}

}
