package io.fanfare.node;

import io.fanfare.protocol.redis.UnfitRedisException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says at start in a line why Redis cannot be used as it is set up. */
final class RedisFailureAnalyzer extends AbstractFailureAnalyzer<UnfitRedisException> {

	@Override
	protected FailureAnalysis analyze(Throwable failure, UnfitRedisException cause) {
		return new FailureAnalysis(String.valueOf(cause.getMessage()), null, failure);
	}

}
