package io.fanfare.test.architecture;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class RegularExpressionsTests {

	private static final String HERE = "io.fanfare.test.architecture..";

	@ParameterizedTest
	@ValueSource(strings = { "a*", "a+", "a{2,}", "a*?", "a+?", "a{2,}?", "(a|b)*c", "[+*]+", "\\++", "\\\\+", ".*",
			"\\Q+\\E+", "(?:a{1,3})+", "(?i)x+", "[a[b]]*", "\\p{L}+", "a++b+", "[^\\]]*" })
	void aRepeatWithoutABoundIsFound(String expression) {
		assertThat(RegularExpressions.isUnbounded(expression)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "a", "a?", "a{2}", "a{2,3}", "a*+", "a++", "a{2,}+", "[*+]", "[\\]+]", "\\*\\+",
			"\\Q*+{1,}\\E", "(?:a|b){0,4}", "a??", "a{2,3}?b", "(?<!x)y", "\\p{L}{1,9}", "\\x{1F600}", "[a[+]*]",
			"00-(?!0{32})[0-9a-f]{32}" })
	void boundedAndPossessiveRepeatsAreNot(String expression) {
		assertThat(RegularExpressions.isUnbounded(expression)).isFalse();
	}

	@Test
	void everyCallThatTakesAnExpressionIsFound() throws IOException {
		assertThat(RegularExpressions.of(compiled(Offender.class))).containsExactlyInAnyOrder("of fields+",
				"with flags+", "of strings+", "to split+", "to split at most+", "to replace+", "to replace first+",
				"one that is no constant", "one that is no constant");
	}

	@Test
	void aClassThatOffendsIsNamedAndAnExceptionHasToBeNeeded() {
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> check(HERE))
			.withMessageContaining("Offender applies of fields+");
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> check(HERE, RegularExpressionsTests.class.getName(), "io.fanfare.NoSuch"))
			.withMessageContaining("io.fanfare.NoSuch is excepted and needs no exception");
		check(HERE, RegularExpressionsTests.class.getName());
	}

	private static void check(String packages, String... but) {
		ArchRule rule = RegularExpressions.areBounded(packages, but);
		rule.check(new ClassFileImporter().importClasses(Offender.class));
	}

	private static byte[] compiled(Class<?> type) throws IOException {
		try (InputStream in = type
			.getResourceAsStream(type.getName().substring(type.getPackageName().length() + 1) + ".class")) {
			assertThat(in).isNotNull();
			return in.readAllBytes();
		}
	}

	/** Is never run: its bytes are looked at. */
	@SuppressWarnings("UnusedMethod")
	private static final class Offender {

		private static final Pattern OF_FIELDS = Pattern.compile("of fields+");

		private static final Pattern WITH_FLAGS = Pattern.compile("with flags+",
				Pattern.DOTALL | Pattern.CASE_INSENSITIVE);

		static List<Object> all(String text) {
			Function<String, Pattern> compiler = Pattern::compile;
			return List.of(OF_FIELDS, WITH_FLAGS, text.matches("of strings+"), text.split("to split+"),
					text.split("to split at most+", 3), text.replaceAll("to replace+", "x"),
					text.replaceFirst("to replace first+", "y"), Pattern.compile(text.trim()), compiler);
		}

	}

}
