package io.fanfare.boot;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;

import io.fanfare.redis.CommandLink;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** Links log in while the common pool of the virtual machine is blocked. */
class RedisLoginIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	private final CountDownLatch end = new CountDownLatch(1);

	@BeforeEach
	void block() throws InterruptedException {
		int workers = Math.max(1, ForkJoinPool.getCommonPoolParallelism());
		CountDownLatch blocked = new CountDownLatch(workers);
		for (int i = 0; i < workers; i++) {
			ForkJoinPool.commonPool().execute(() -> {
				blocked.countDown();
				try {
					this.end.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			});
		}
		assertThat(blocked.await(SOON.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
	}

	@AfterEach
	void release() {
		this.end.countDown();
	}

	@Test
	void aLinkLogsInWhileTheCommonPoolIsBlocked() {
		try (ConfigurableApplicationContext process = new SpringApplicationBuilder(RedisTlsIT.Process.class)
			.web(WebApplicationType.NONE)
			.logStartupInfo(false)
			.registerShutdownHook(false)
			.run("--spring.data.redis.url=" + TestRedis.shared().url(RedisUser.NODE))) {
			await().atMost(SOON).until(process.getBean(CommandLink.class)::isUp);
		}
	}

}
