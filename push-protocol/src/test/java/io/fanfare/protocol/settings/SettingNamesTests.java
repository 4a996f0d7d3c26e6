package io.fanfare.protocol.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.fanfare.protocol.settings.SettingNames.Origin;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

class SettingNamesTests {

	@ParameterizedTest
	@CsvSource({ "ENVIRONMENT, FANFARE_STREAM_HEARTBEET, fanfare.connections.heartbeat",
			"ENVIRONMENT, FANFARE_CONNECTIONS_MX, fanfare.connections.max",
			"ENVIRONMENT, FANFARE_STREAN_PORT, fanfare.stream.port", "ENVIRONMENT, FANFARE_API_KEY, fanfare.api.keys",
			"ENVIRONMENT, FANFARE_NODE_NAM, fanfare.node.name",
			"ENVIRONMENT, fanfare_connections_mx, fanfare.connections.max",
			"ENVIRONMENT, FANFARE_CONNECTIONS_DRAIN, fanfare.connections.drain-window",
			"ENVIRONMENT, FANFARE_CONNECTIONSMAX, fanfare.connections.max",
			"ENVIRONMENT, FANFARE_ALLOWED_ORIGIN, fanfare.allowed-origins",
			"FILE, fanfare.alowed-origins, fanfare.allowed-origins", "FILE, fanfare.origins, fanfare.allowed-origins",
			"FILE, fanfare.connections.heartbeats, fanfare.connections.heartbeat",
			"FILE, fanfare.conections.max, fanfare.connections.max", "FILE, fanfare.foo.bar, fanfare.node.name",
			"SYSTEM, fanfare.redis.uri, fanfare.redis.url", "SYSTEM, fanfare.conections.max, fanfare.connections.max" })
	void aNameThatIsNoSettingIsRefusedWithOneThatIs(Origin origin, String name, String nearest) {
		assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> SettingNames.check(name, origin))
			.withMessageContaining(" is no setting; the nearest is fanfare.")
			.satisfies((failure) -> {
				if (!name.equals("fanfare.foo.bar") && !name.equals("fanfare.origins")) {
					assertThat(failure).hasMessageEndingWith("is " + InvalidSettingException.named(nearest));
				}
			});
	}

	@ParameterizedTest
	@EnumSource(names = { "FILE", "SYSTEM" })
	void aValueBehindAColonIsRefusedAndNotRepeated(Origin origin) {
		for (String name : List.of("fanfare.jwt.secret:hunter2", "fanfare.api.keys hunter2",
				"fanfare.redis.url@hunter2")) {
			assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> SettingNames.check(name, origin))
				.withMessageContaining(" is followed by what no name of a setting holds; the nearest is fanfare.")
				.withMessageNotContainingAny("hunter2", "HUNTER2");
		}
	}

	@Test
	void everySettingIsKnownInEachOfItsForms() {
		assertThat(SettingNames.all()).hasSizeGreaterThan(60);
		SettingNames.all().keySet().forEach((name) -> {
			assertThat(SettingNames.check(name, Origin.FILE)).isNull();
			assertThat(SettingNames.check(name + "[0]", Origin.FILE)).isNull();
			assertThat(SettingNames.check(name.toUpperCase(Locale.ROOT), Origin.FILE)).isNull();
			assertThat(SettingNames.check(name.replace("-", ""), Origin.FILE)).isNull();
			String variable = InvalidSettingException.variable(name);
			assertThat(SettingNames.check(variable, Origin.ENVIRONMENT)).isNull();
			assertThat(SettingNames.check(variable + "_0", Origin.ENVIRONMENT)).isNull();
			assertThat(SettingNames.check(
					name.replace("[0]", ".7").replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT),
					Origin.ENVIRONMENT))
				.isNull();
		});
	}

	@Test
	void entriesOfListsAreKnownWithAnyIndex() {
		for (String name : List.of("fanfare.api.keys[0].name", "fanfare.api.keys[12].max-tier",
				"fanfare.api.keys[0].scopes[3]")) {
			assertThat(SettingNames.check(name, Origin.FILE)).isNull();
		}
		for (String variable : List.of("FANFARE_API_KEYS_0_NAME", "FANFARE_API_KEYS_12_MAXTIER",
				"FANFARE_API_KEYS_0_SCOPES_3")) {
			assertThat(SettingNames.check(variable, Origin.ENVIRONMENT)).isNull();
		}
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> SettingNames.check("fanfare.api.keys[0].scope", Origin.FILE))
			.withMessageContaining("fanfare.api.keys[0].scopes");
	}

	@ParameterizedTest
	@CsvSource({ "FILE, fanfare.stream.jwt.keys[3].public-key, ", "FILE, fanfare.stream.jwt.keys[3].publicKey, ",
			"ENVIRONMENT, FANFARE_STREAM_JWT_KEYS_12_PUBLICKEY, ", "FILE, fanfare.api.jwt.keys[0].secret, ",
			"FILE, fanfare.stream.jwt.keys[3].kidd, fanfare.stream.jwt.keys[0].kid (FANFARE_STREAM_JWT_KEYS_0_KID)",
			"FILE, fanfare.stream.jwt.keys.kid, fanfare.stream.jwt.keys[0].kid (FANFARE_STREAM_JWT_KEYS_0_KID)",
			"ENVIRONMENT, FANFARE_STREAM_JWT_KEYS_3_SECRE, fanfare.stream.jwt.keys[0].secret"
					+ " (FANFARE_STREAM_JWT_KEYS_0_SECRET)" })
	void elementsOfAListHaveNames(Origin origin, String name, @Nullable String nearest) {
		if (nearest == null) {
			assertThat(SettingNames.check(name, origin)).isNull();
		}
		else {
			assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> SettingNames.check(name, origin))
				.withMessageEndingWith("is no setting; the nearest is " + nearest);
		}
	}

	@ParameterizedTest
	@CsvSource({ "FANFARE_API_SERVICE_HOST, 10.0.0.1", "FANFARE_API_SERVICE_PORT, 80",
			"FANFARE_API_SERVICE_PORT_HTTP, 80", "FANFARE_SERVICE_HOST, 10.0.0.1", "FANFARE_PORT, tcp://10.0.0.1:80",
			"FANFARE_API_PORT, tcp://10.0.0.1:80", "FANFARE_STREAM_PORT, udp://10.0.0.1:80",
			"FANFARE_NODE_PORT, tcp://10.0.0.1:80", "FANFARE_NODE_PORT_8081_TCP, tcp://10.0.0.1:80",
			"FANFARE_NODE_PORT_8081_TCP_ADDR, 10.0.0.1", "FANFARE_NODE_NAME, /shop/fanfare-node",
			"FANFARE_STREAM_ENV_PATH, /bin" })
	void whatKubernetesAndDockerSetForServicesIsNoSetting(String variable, String value) {
		assertThat(SettingNames.isServiceLink(variable, value)).isTrue();
	}

	@ParameterizedTest
	@CsvSource({ "FANFARE_API_PORT, 8080", "FANFARE_STREAM_PORT, http", "FANFARE_NODE_NAME, tcp://x",
			"FANFARE_REDIS_URL, tcp://10.0.0.1:80", "API_PORT, tcp://10.0.0.1:80", "FANFARE_STREAN_PORT, 8081" })
	void settingsAreNoServiceLinks(String variable, String value) {
		assertThat(SettingNames.isServiceLink(variable, value)).isFalse();
	}

	@ParameterizedTest
	@ValueSource(strings = { "FANFARE_API_URL", "FANFARE_API_HOST", "FANFARE_API_TOKEN", "FANFARE_NODE_IP",
			"FANFARE_NODE_HOST", "FANFARE_URL", "FANFARE_VERSION" })
	void whereFanfareIsForOthersIsALine(String variable) {
		assertThat(SettingNames.check(variable, Origin.ENVIRONMENT)).startsWith(variable + " is no setting; ");
	}

	@ParameterizedTest
	@ValueSource(strings = { "PATH", "FANFARED_X" })
	void otherVariablesAreNotLookedAt(String variable) {
		assertThat(SettingNames.check(variable, Origin.ENVIRONMENT)).isNull();
	}

	@Test
	void namesOfOthersAreALineAtMost() {
		assertThat(SettingNames.check("FANFARE_SHOP", Origin.ENVIRONMENT)).startsWith("FANFARE_SHOP is no setting; ");
		assertThat(SettingNames.check("fanfare.test.redis", Origin.SYSTEM)).isNull();
		assertThat(SettingNames.check("spring.data.redis.uri", Origin.FILE)).isNull();
	}

	@ParameterizedTest
	@CsvSource({ "fanfare.connections.heartbeat, 15, needs a unit", "fanfare.history.age, -1, needs a unit",
			"fanfare.control.port, http, must be a port", "fanfare.control.port, 65536, must be a port",
			"fanfare.control.port, tcp://10.0.0.1:80, must be a port",
			"fanfare.control.address, no such host, must be an address", "fanfare.redis.url, nonsense, must be a URL",
			"fanfare.redis.url, redis://:pa%zz@h, is no URL", "fanfare.redis.url, redis:/h, must be a URL",
			"spring.data.redis.sentinel.nodes, sentinel-1, must name sentinels",
			"spring.data.redis.sentinel.nodes, 's-1:1,:2', must name sentinels",
			"spring.data.redis.cluster.nodes, 'h:1', must not be set",
			"spring.data.redis.client-type, jedis, must be lettuce",
			"spring.data.redis.masterreplica.nodes[0], 'h:1', must not be set",
			"fanfare.control.address, 203.0.113.7, must be an address", "logging.config, none.xml, must name a file",
			"logging.structured.format.console, nope, must be one of ecs",
			"logging.file.name, /dev/null/x.log, must name a file" })
	void valuesAreLookedAtBeforeBootFailsOnThem(String property, String value, String reason) {
		assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> check(Map.of(property, value)))
			.withMessageStartingWith(InvalidSettingException.named(property.replace("[0]", "")) + " ")
			.withMessageContaining(reason);
	}

	@ParameterizedTest
	@CsvSource({ "fanfare.connections.drain-window, 0", "fanfare.connections.heartbeat, 15s", "fanfare.control.port, 0",
			"fanfare.control.address, 127.0.0.1", "fanfare.redis.url, redis://:p@h/1",
			"fanfare.connections.heartbeat, ''", "logging.structured.format.file, ECS",
			"logging.config, classpath:logs.xml", "spring.data.redis.client-type, lettuce" })
	void goodValuesPass(String property, String value) {
		assertThatNoException().isThrownBy(() -> check(Map.of(property, value)));
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "fanfare.jwt.secret", "fanfare.stream.jwt.keys[3].secret", "fanfare.api.jwt.keys[0].secret" })
	void aSigningSecretThatEveryoneKnowsIsForDevelopmentOnly(String property) {
		String known = "for-development-only-known-to-everybody";
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> check(Map.of(property, known, "fanfare.development", "false")))
			.withMessageStartingWith(InvalidSettingException.named(property) + " has a secret that everyone knows")
			.withMessageNotContaining(known);
		for (String on : List.of("true", "TRUE", "yes", "on", "1")) {
			assertThatNoException().isThrownBy(() -> check(Map.of(property, known, "fanfare.development", on)));
		}
	}

	private static void check(Map<String, String> settings) {
		EarlySettings.check(settings::get, List.of("fanfare.api.port", "fanfare.stream.port", "fanfare.control.port"),
				List.of("fanfare.control.address"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "spring.data.redis.sentinel.nodes", "spring.data.redis.sentinel.nodes[0]" })
	void sentinelsNeedAMaster(String nodes) {
		String master = "spring.data.redis.sentinel.master";
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> check(Map.of(nodes, "s-1:1, [::1]:2")))
			.withMessageStartingWith(InvalidSettingException.named(master) + " must be set beside ");
		assertThatNoException().isThrownBy(() -> check(Map.of(nodes, "s-1:1, [::1]:2", master, "m")));
	}

	@ParameterizedTest
	@CsvSource({ "fanfare.api.port, '', false", "fanfare.stream.port, '', false", "fanfare.stream.port, 0.0.0.0, false",
			"fanfare.stream.port, 127.0.0.1, false", "fanfare.stream.port, 127.0.0.2, true" })
	void twoPortsOfOneAddressDiffer(String port, String address, boolean fits) {
		Map<String, String> settings = Map.of("fanfare.control.port", "7", port, "7", "fanfare.control.address",
				"127.0.0.1", "fanfare.stream.address", address);
		if (fits) {
			assertThatNoException().isThrownBy(() -> check(settings));
		}
		else {
			assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> check(settings))
				.withMessage("fanfare.control.port (FANFARE_CONTROL_PORT) must not be the port of "
						+ InvalidSettingException.named(port));
		}
	}

	@Test
	void aConfigurationOfLogsIsWellFormed(@TempDir Path directory) throws IOException {
		Path good = Files.writeString(directory.resolve("good.xml"), "<configuration/>");
		Path bad = Files.writeString(directory.resolve("bad.xml"), "<configuration>");
		assertThatNoException().isThrownBy(() -> check(Map.of("logging.config", good.toString())));
		assertThatNoException().isThrownBy(() -> check(Map.of("logging.config", good.toUri().toString())));
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> check(Map.of("logging.config", bad.toString())))
			.withMessage("logging.config (LOGGING_CONFIG) must name a file that is well-formed XML");
	}

	@Test
	void portsThatAreFreeOnesMayBeEqual() {
		assertThatNoException().isThrownBy(() -> check(Map.of("fanfare.control.port", "0", "fanfare.api.port", "0")));
	}

	@ParameterizedTest
	@ValueSource(strings = { "fanfare.jwt.secret=S3CRET", "-fanfare.jwt.secret=S3CRET", "-Dfanfare.connections.max=5",
			"fanfare.connections.max", "S3CRET=", "spring.data.redis.password=S3CRET", "FANFARE_JWT_SECRET=S3CRET" })
	void anArgumentThatSetsNothingIsRefusedWithoutItsValue(String argument) {
		assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(() -> SettingNames.checkArgument(argument))
			.withMessageContaining(" does not begin with --; a property is set by --")
			.satisfies((failure) -> assertThat(failure.getMessage()).doesNotContain("S3CRET"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "word", "-v", "" })
	void otherArgumentsAreNotLookedAt(String argument) {
		assertThatNoException().isThrownBy(() -> SettingNames.checkArgument(argument));
	}

	@ParameterizedTest
	@ValueSource(strings = { "fanfare.redis.url", "fanfare.control.port", "fanfare.control.address",
			"spring.data.redis.sentinel.nodes", "fanfare.connections.heartbeat" })
	void aPlaceholderWithoutAValueIsNotRepeated(String property) {
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> EarlySettings.check((name) -> unresolved(name, property), List.of("fanfare.control.port"),
					List.of("fanfare.control.address")))
			.withMessage(
					InvalidSettingException.named(property) + " holds a placeholder, ${...}, that names no setting")
			.withNoCause();
	}

	private static @Nullable String unresolved(String name, String property) {
		if (name.equals(property)) {
			throw new IllegalArgumentException("Could not resolve placeholder 'x' in value \"S3CRET${x}\"");
		}
		return null;
	}

	/** Properties that the build and the tests give to their JVMs. */
	@ParameterizedTest
	@ValueSource(strings = { "fanfare.long", "fanfare.test.redis", "fanfare.test.compose", "fanfare.faults.scenario",
			"fanfare.faults.report", "fanfare.simulation.rounds", "fanfare.bench.seconds" })
	void otherPropertiesOfAJvmAreNotLookedAt(String name) {
		assertThat(SettingNames.check(name, Origin.SYSTEM)).isNull();
	}

}
