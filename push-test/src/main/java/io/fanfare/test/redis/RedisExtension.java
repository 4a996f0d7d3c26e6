package io.fanfare.test.redis;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests the {@link TestRedis#shared() shared} server, empty before each test.
 *
 * <p>
 * Named in {@code @ExtendWith}; a parameter of type {@link TestRedis} of the test, of a
 * method before it or of the constructor receives the server.
 */
public final class RedisExtension implements BeforeEachCallback, AfterEachCallback, ParameterResolver {

	@Override
	public void beforeEach(ExtensionContext context) {
		TestRedis.shared().clear();
	}

	@Override
	public void afterEach(ExtensionContext context) {
		TestRedis.shared().assertNothingDenied();
	}

	@Override
	public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
		return parameter.getParameter().getType() == TestRedis.class;
	}

	@Override
	public TestRedis resolveParameter(ParameterContext parameter, ExtensionContext context) {
		return TestRedis.shared();
	}

}
