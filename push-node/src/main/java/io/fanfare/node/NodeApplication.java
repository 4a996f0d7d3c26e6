package io.fanfare.node;

import java.util.Map;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.data.redis.autoconfigure.observation.LettuceObservationAutoConfiguration;

/**
 * A push node as a process of its own. Reads {@code push-node.yml} instead of
 * {@code application.yml}, so that node and API can share one class path. Redis commands
 * are not observed one by one: a claim would cost more in timers and spans than on the
 * wire.
 */
@SpringBootApplication(exclude = LettuceObservationAutoConfiguration.class)
public class NodeApplication {

	public static void main(String[] args) {
		SpringApplication application = new SpringApplication(NodeApplication.class);
		application.setDefaultProperties(Map.of("spring.config.name", "push-node"));
		application.run(args);
	}

}
