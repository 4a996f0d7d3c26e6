package io.fanfare.doctor;

import java.net.URI;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class OptionsTests {

	@Test
	void readsACommandLine() {
		assertThat(parse("https://push.example/events"))
			.isEqualTo(new Options(URI.create("https://push.example/events"), null, false));
		Options all = new Options(URI.create("http://localhost:8000/events"), "https://app.example", true);
		assertThat(parse("--origin", "https://app.example", "--json", "http://localhost:8000/events")).isEqualTo(all);
		assertThat(parse("http://localhost:8000/events", "--json", "--origin=https://app.example")).isEqualTo(all);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			''                                       | A URL is missing
			--json                                   | A URL is missing
			push.example/events                      | URL: http:// or https://
			ftp://push.example/events                | URL: http:// or https://
			https:///events                          | URL: http:// or https://
			https://push.example/e?token=x           | URL: a query
			https://a:b@push.example/events          | URL: a query, a fragment or a user
			https://push.example/a{b                 | URL: Illegal character
			https://push.example:65536/events        | URL: a port is 1 to 65535, not 65536
			https://push.example:0/events            | URL: a port is 1 to 65535, not 0
			http://a/events --origin=https://a.ex:70000 | --origin: a port is 1 to 65535
			http://a/events http://b/events          | One URL at a time
			http://a/events --jsn                    | no option --jsn
			http://a/events --origin                 | --origin needs a value
			http://a/events --origin=app.example     | --origin: http:// or https://
			http://a/events --origin=https://a.ex/   | --origin: a scheme, a host
			""")
	void aWrongOneNamesWhatIsWrong(String line, String message) {
		String[] arguments = line.isEmpty() ? new String[0] : line.split(" ");
		assertThatIllegalArgumentException().isThrownBy(() -> parse(arguments)).withMessageContaining(message);
	}

	private static Options parse(String... arguments) {
		return Options.parse(List.of(arguments));
	}

}
