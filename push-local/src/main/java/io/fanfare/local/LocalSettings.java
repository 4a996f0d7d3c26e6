package io.fanfare.local;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

import io.fanfare.protocol.settings.InvalidSettingException;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.core.env.Environment;

/**
 * Settings of the local cluster, under {@code fanfare.local}; each may be an argument, a
 * system property or an environment variable such as {@code FANFARE_LOCAL_API_PORT}.
 *
 * @param streamPorts the stream ports, one for each of 1 to 16 nodes; 0 takes any free
 * port
 * @param controlPorts the control ports of the nodes, in the same order
 * @param apiPort the API's port
 * @param apiControlPort the API's control port
 * @param apiKey the secret of the one API key, which may do everything: 1 to 1024 visible
 * ASCII characters without colon and comma
 * @param jwtSecret signs stream tokens; 32 bytes or more
 * @param redisUrl a Redis to use in place of one of its own; none by default
 * @param endWithParent whether it ends with the process that started it: Maven, when it
 * is killed, does not say so
 */
record LocalSettings(@DefaultValue( {
		"8081", "8082" }) List<Integer> streamPorts, @DefaultValue({ "9081", "9082" }) List<Integer> controlPorts,
		@DefaultValue("8080") int apiPort, @DefaultValue("9080") int apiControlPort,
		@DefaultValue("dev-secret") String apiKey,
		@DefaultValue("only-for-the-local-cluster-never-in-production") String jwtSecret,
		@DefaultValue("") String redisUrl, @DefaultValue("false") boolean endWithParent){

	private static final int MAX_NODES = 16;

	private static final int MAX_PORT = 65_535;

	private static final int MIN_SECRET_BYTES = 32;

	/** What a list of keys, name:secret:scopes, can hold. */
	private static final Pattern API_KEY = Pattern.compile("[!-~&&[^:,]]{1,1024}");

	LocalSettings {
		requirePorts("fanfare.local.stream-ports", streamPorts);
		requirePorts("fanfare.local.control-ports", controlPorts);
		InvalidSettingException.require(streamPorts.size() == controlPorts.size(), "fanfare.local.control-ports",
				"must name as many ports as fanfare.local.stream-ports: one for each node");
		requirePort("fanfare.local.api-port", apiPort);
		requirePort("fanfare.local.api-control-port", apiControlPort);
		InvalidSettingException.require(API_KEY.matcher(apiKey).matches(), "fanfare.local.api-key",
				"must be 1 to 1024 visible ASCII characters without ':' and ','");
		InvalidSettingException.require(jwtSecret.getBytes(StandardCharsets.UTF_8).length >= MIN_SECRET_BYTES,
				"fanfare.local.jwt-secret", "must be at least " + MIN_SECRET_BYTES + " bytes");
		InvalidSettingException.require(
				jwtSecret.strip().equals(jwtSecret) && jwtSecret.chars().noneMatch(Character::isISOControl),
				"fanfare.local.jwt-secret", "must have no control characters and no blank at an end");
		if (!redisUrl.isEmpty()) {
			requireRedis(redisUrl);
		}
	}

	private static void requireRedis(String url) {
		String property = "fanfare.local.redis-url";
		try {
			URI uri = new URI(url);
			InvalidSettingException.require(
					uri.getHost() != null && List.of("redis", "rediss").contains(uri.getScheme()), property,
					"must be a URL such as redis://localhost:6379");
		}
		catch (URISyntaxException ex) {
			throw new InvalidSettingException(property, "is no URL: " + ex.getReason());
		}
	}

	private static void requirePorts(String property, List<Integer> ports) {
		InvalidSettingException.require(!ports.isEmpty() && ports.size() <= MAX_NODES, property,
				"must name 1 to " + MAX_NODES + " ports");
		ports.forEach((port) -> requirePort(property, port));
	}

	private static void requirePort(String property, int port) {
		InvalidSettingException.require(port >= 0 && port <= MAX_PORT, property,
				"must be from 0 to " + MAX_PORT + ", is " + port);
	}

	/**
	 * Reads them.
	 * @throws StartException if one is wrong; names it, and does not repeat it
	 */
	static LocalSettings from(Environment environment) {
		try {
			return Binder.get(environment).bindOrCreate("fanfare.local", LocalSettings.class);
		}
		catch (BindException ex) {
			for (Throwable cause = ex; cause != null; cause = cause.getCause()) {
				if (cause instanceof InvalidSettingException invalid) {
					throw new StartException("A setting is wrong: " + invalid.getMessage());
				}
			}
			throw new StartException("A setting is wrong: " + InvalidSettingException.named(ex.getName().toString())
					+ " must be of type " + ex.getTarget().getType().toClass().getSimpleName());
		}
	}

	@Override
	public String toString() {
		return "LocalSettings[streamPorts=" + this.streamPorts + ", controlPorts=" + this.controlPorts + ", apiPort="
				+ this.apiPort + ", apiControlPort=" + this.apiControlPort + "]";
	}

	int nodes() {
		return this.streamPorts.size();
	}

}
