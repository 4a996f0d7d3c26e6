package io.fanfare.redis;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class RedisMemoryTests {

	@Test
	void usedAndLimitAreRead() {
		RedisMemory memory = RedisMemory.parse("""
				# Memory
				used_memory:1048576
				used_memory_human:1.00M
				maxmemory:536870912
				maxmemory_policy:noeviction
				""".replace("\n", "\r\n"));
		assertThat(memory).isEqualTo(new RedisMemory(1_048_576, 536_870_912));
	}

	@Test
	void anAnswerWithoutThemIsAsNone() {
		assertThatThrownBy(() -> RedisMemory.parse("# Memory\r\n")).isInstanceOf(RedisUnavailableException.class)
			.hasMessage("Redis does not report its memory");
	}

}
