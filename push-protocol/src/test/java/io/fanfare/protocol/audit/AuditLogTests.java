package io.fanfare.protocol.audit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

class AuditLogTests {

	private final AtomicLong nanos = new AtomicLong(-1);

	private final List<RefusalReason> counted = new ArrayList<>();

	private final AuditLog audit = new AuditLog(this.nanos::get, this.counted::add);

	private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

	private final Logger logger = (Logger) LoggerFactory.getLogger(AuditLog.NAME);

	@BeforeEach
	void listen() {
		this.lines.start();
		this.logger.setLevel(Level.INFO);
		this.logger.addAppender(this.lines);
	}

	@AfterEach
	void stop() {
		this.logger.detachAppender(this.lines);
		this.logger.setLevel(null);
	}

	private List<String> lines() {
		return this.lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
	}

	@Test
	void anActIsOneLineAndItsValuesAreAttributes() {
		Map<String, Object> values = new LinkedHashMap<>();
		values.put("operation", "eraseUser");
		values.put("caller", "ops");
		values.put("status", 200);
		this.audit.act(values);
		assertThat(lines()).containsExactly("audit=act operation=\"eraseUser\" caller=\"ops\" status=200");
		assertThat(this.lines.list.getFirst().getKeyValuePairs()).extracting((pair) -> pair.key + "=" + pair.value)
			.containsExactly("audit.kind=act", "audit.operation=eraseUser", "audit.caller=ops", "audit.status=200");
	}

	@ParameterizedTest
	@ValueSource(strings = { "a\naudit=act operation=\"forged\"", "a\r\n", "a\" status=\"200", "a\\", "\u202Egnp.exe",
			"a\u2028b", "a\u2029b", "a\u0085b", "a\u0000b", "a\u001b[31mred", "a\u200Bb", "a\uFEFFb", "\uD800",
			"a\u00A0b", "\uE000", "{}", "%m%n", "${jndi:ldap://x}" })
	void noValueForgesALineOrChangesHowItIsShown(String user) {
		this.audit.act(Map.of("user", user));
		String line = lines().getFirst();
		assertThat(line).startsWith("audit=act user=\"").endsWith("\"");
		String value = line.substring("audit=act user=\"".length(), line.length() - 1);
		assertThat(value.codePoints().filter((point) -> point != ' ')).allMatch((point) -> Character.isDefined(point)
				&& !Character.isISOControl(point) && !Character.isWhitespace(point) && !Character.isSpaceChar(point)
				&& Character.getType(point) != Character.FORMAT && Character.getType(point) != Character.SURROGATE
				&& Character.getType(point) != Character.PRIVATE_USE);
		assertThat(value.replaceAll("\\\\.", "")).doesNotContain("\"").doesNotContain("\\");
	}

	@Test
	void namesOfAllScriptsAreLegibleAndLongOnesAreCut() {
		this.audit.act(Map.of("user", "Zoë 李 😀"));
		this.audit.act(Map.of("user", "x".repeat(5_000)));
		assertThat(lines().getFirst()).isEqualTo("audit=act user=\"Zoë 李 😀\"");
		assertThat(lines().getLast()).hasSizeLessThan(AuditText.MAX_LENGTH + 30).endsWith("x…\"");
	}

	@Test
	void aFloodFromOneAddressIsOneLinePerIntervalWithTheirNumber() {
		for (int i = 0; i < 1_000; i++) {
			this.audit.refused(RefusalReason.TOKEN_EXPIRED, "192.0.2.1", Map.of());
		}
		this.audit.refused(RefusalReason.TOKEN_SIGNATURE, "192.0.2.1", Map.of());
		this.nanos.addAndGet(AuditLog.INTERVAL.toNanos());
		this.audit.refused(RefusalReason.TOKEN_EXPIRED, "192.0.2.1", Map.of("caller", "x"));
		assertThat(lines()).containsExactly("audit=refused reason=\"token-expired\" address=\"192.0.2.1\" count=1",
				"audit=refused reason=\"token-signature\" address=\"192.0.2.1\" count=1",
				"audit=refused reason=\"token-expired\" address=\"192.0.2.1\" caller=\"x\" count=1000");
		assertThat(this.counted).hasSize(1_002);
	}

	@Test
	void aFloodFromManyAddressesIsBoundedAndNoneIsForgotten() {
		int refusals = 5_000;
		for (int i = 0; i < refusals; i++) {
			this.audit.refused(RefusalReason.TOKEN_EXPIRED, "192.0.2." + i, Map.of());
		}
		assertThat(lines()).hasSize(AuditLog.MAX_LINES);
		this.nanos.addAndGet(AuditLog.INTERVAL.toNanos());
		this.audit.refused(RefusalReason.TOKEN_EXPIRED, "198.51.100.1", Map.of());
		assertThat(lines().get(AuditLog.MAX_LINES)).matches("audit=unlogged count=[0-9]+");
		assertThat(this.counted).hasSize(refusals + 1);
	}

}
