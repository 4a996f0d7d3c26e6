package io.fanfare.redis;

import java.net.ConnectException;
import java.util.concurrent.ExecutionException;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class RedisRefusalTests {

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					READONLY You can't write against a read only replica. script: 1f, on @user_script:1. | READONLY
					NOREPLICAS Not enough good replicas to write. | NOREPLICAS
					OOM command not allowed when used memory > 'maxmemory'. | OOM
					MISCONF Errors writing to the AOF file: No space left on device | MISCONF
					NOPERM this user has no permissions to run the 'evalsha' command | NOPERM
					ERR The user executing the script can't run this command or subcommand script: 5, on @user_script:1. | NOPERM
					NOPERM ACL failure in script: User bob has no permissions to run the 'xadd' command | NOPERM
					NOAUTH HELLO must be called with the client already authenticated | NOAUTH
					WRONGPASS invalid username-password pair or user is disabled. | WRONGPASS
					LOADING Redis is loading the dataset in memory | LOADING
					MASTERDOWN Link with MASTER is down | MASTERDOWN
					BUSY Redis is busy running a script. | BUSY
					CLUSTERDOWN The cluster is down | CLUSTERDOWN
					ERR max number of clients reached | MAXCLIENTS
					-OOM command not allowed | OOM
					EXECABORT Transaction discarded because of previous errors. | ERR
					ERR wrong number of arguments for 'get' command | ERR
					""")
	void anErrorReplyIsClassifiedByItsCode(String reply, RedisRefusal refusal) {
		assertThat(RedisRefusal.of(new ExecutionException(new RedisCommandExecutionException(reply))))
			.isEqualTo(refusal);
	}

	@Test
	void whatIsNoReplyIsNoRefusal() {
		assertThat(RedisRefusal.of(new RedisCommandTimeoutException("1 s"))).isNull();
		assertThat(RedisRefusal.of(new RedisCommandExecutionException("NOSCRIPT No matching script"))).isNull();
	}

	@Test
	void aFailureIsDescribedByItsRootCauseWithoutSecrets() {
		RedisConnectionException failure = new RedisConnectionException("Unable to connect to redis://u:pass@h:1",
				new IllegalStateException("inner", new ConnectException("Connection refused: h:1")));
		assertThat(Failures.describe(new ExecutionException(failure)))
			.isEqualTo("Unable to connect to redis://h:1: Connection refused: h:1");
		assertThat(Failures.describe(new RedisCommandExecutionException(
				"ERR unknown command 'FOO', with args beginning with: 'alice' 'secret'")))
			.isEqualTo("ERR unknown command 'FOO'");
		assertThat(Failures.describe(new NullPointerException())).isEqualTo("NullPointerException");
	}

}
