package io.fanfare.node.stream;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.node.auth.Credential;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Which pages may send requests, and which credential counts. */
class RequestOriginTests {

	private static final Cors LISTED = new Cors(List.of("https://page.example", ""), List.of());

	private static final Cors ANY = new Cors(List.of("*", "https://page.example"), List.of());

	/** {@code Name: value}, separated by line ends that are written as {@code ;;}. */
	private static HttpHeaders headers(String host, String lines) {
		HttpHeaders headers = new DefaultHttpHeaders();
		headers.add("Host", host);
		for (String line : lines.split(";;")) {
			if (!line.isBlank()) {
				headers.add(line.substring(0, line.indexOf(':')).strip(),
						line.substring(line.indexOf(':') + 1).strip());
			}
		}
		return headers;
	}

	/** The first answer is that of a list, the second that of a list with {@code *}. */
	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					push.example      | ''                                                              | TRUSTED        | TRUSTED
					push.example      | Origin: https://page.example                                    | TRUSTED        | TRUSTED
					push.example      | Origin: https://page.example;;Sec-Fetch-Site: cross-site        | TRUSTED        | TRUSTED
					push.example      | Origin: https://push.example                                    | TRUSTED        | TRUSTED
					PUSH.example:443  | Origin: https://push.example                                    | TRUSTED        | TRUSTED
					push.example:80   | Origin: http://push.example                                     | TRUSTED        | TRUSTED
					push.example      | Origin: https://push.example:443                                | TRUSTED        | TRUSTED
					push.example:8443 | Origin: https://push.example:8443                               | TRUSTED        | TRUSTED
					[::1]:8081        | Origin: http://[::1]:8081                                       | TRUSTED        | TRUSTED
					push.example      | Sec-Fetch-Site: same-origin                                     | TRUSTED        | TRUSTED
					push.example      | Sec-Fetch-Site: none                                            | TRUSTED        | TRUSTED
					internal:8081     | Sec-Fetch-Site: same-origin;;Origin: https://push.example       | TRUSTED        | TRUSTED
					push.example      | Sec-Fetch-Site: same-site                                       | WITHOUT_COOKIE | WITHOUT_COOKIE
					push.example:443  | Origin: http://push.example                                     | REFUSED        | WITHOUT_COOKIE
					push.example:8443 | Origin: https://push.example                                    | REFUSED        | WITHOUT_COOKIE
					push.example      | Origin: https://push.example:8443                               | REFUSED        | WITHOUT_COOKIE
					push.example      | Origin: https://push.example.evil.example                       | REFUSED        | WITHOUT_COOKIE
					push.example      | Origin: https://evil.example                                    | REFUSED        | WITHOUT_COOKIE
					push.example      | Origin: https://evil.example;;Sec-Fetch-Site: same-site         | REFUSED        | WITHOUT_COOKIE
					push.example      | Origin: http://push.example;;Sec-Fetch-Site: cross-site         | REFUSED        | WITHOUT_COOKIE
					push.example      | Origin: null                                                    | REFUSED        | WITHOUT_COOKIE
					null              | Origin: null                                                    | REFUSED        | WITHOUT_COOKIE
					push.example      | Origin: *                                                       | REFUSED        | WITHOUT_COOKIE
					push.example      | Origin:                                                         | REFUSED        | WITHOUT_COOKIE
					push.example      | Sec-Fetch-Site: cross-site                                      | REFUSED        | WITHOUT_COOKIE
					push.example      | Origin: https://PAGE.example                                    | REFUSED        | WITHOUT_COOKIE
					push.example      | Origin: https://page.example;;Origin: https://page.example      | 400            | 400
					push.example      | Sec-Fetch-Site: same-origin;;Sec-Fetch-Site: cross-site         | 400            | 400
					""")
	void aPageIsOfAnOrigin(String host, String lines, String listed, String any) {
		assertThat(standing(headers(host, lines), false, LISTED)).isEqualTo(listed);
		assertThat(standing(headers(host, lines), false, ANY)).isEqualTo(any);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			X-Forwarded-Host: push.example                                   | true  | TRUSTED
			X-Forwarded-Host: push.example                                   | false | REFUSED
			X-Forwarded-Host: push.example:443                               | true  | TRUSTED
			X-Forwarded-Host: push.example:8443                              | true  | REFUSED
			X-Forwarded-Host: push.example, node:8081                        | true  | REFUSED
			X-Forwarded-Host: push.example;;X-Forwarded-Host: evil.example   | true  | REFUSED
			""")
	void aTrustedProxyForwardsTheHost(String lines, boolean proxied, String standing) {
		assertThat(standing(headers("node:8081", lines + ";;Origin: https://push.example"), proxied, LISTED))
			.isEqualTo(standing);
	}

	private static String standing(HttpHeaders headers, boolean proxied, Cors cors) {
		try {
			return RequestOrigin.of(headers, proxied, cors).name();
		}
		catch (ProblemException ex) {
			return Integer.toString(ex.problem().status());
		}
	}

	/** What counts, or the status and the beginning of the detail of the refusal. */
	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					push.example | TRUSTED        | Authorization: Bearer a                                | ''                       | a
					push.example | WITHOUT_COOKIE | Authorization: bearer a                                | ''                       | a
					push.example | WITHOUT_COOKIE | ''                                                     | access_token=a           | a
					push.example | TRUSTED        | ''                                                     | token=a                  | a
					push.example | TRUSTED        | Cookie: x=y; __Host-fanfare=a; z=1                     | ''                       | a
					push.example | TRUSTED        | Cookie: x=y;;Cookie: __Host-fanfare=a                  | ''                       | a
					push.example | TRUSTED        | Authorization: Basic x;;Cookie: __Host-fanfare=a       | ''                       | a
					push.example | TRUSTED        | Authorization: Bearer a;;Cookie: fanfare=b             | ''                       | a
					push.example | TRUSTED        | Authorization: Bearer a                                | access_token=            | a
					localhost:80 | TRUSTED        | Cookie: fanfare=a                                      | ''                       | a
					127.0.0.1:80 | TRUSTED        | Cookie: fanfare=a                                      | ''                       | a
					[::1]:8081   | TRUSTED        | Cookie: fanfare=a                                      | ''                       | a
					a.localhost  | TRUSTED        | Cookie: __Host-fanfare=a                               | ''                       | a
					push.example | TRUSTED        | ''                                                     | ''                       | 401 A token is needed
					push.example | TRUSTED        | Authorization: Basic x                                 | token=                   | 401 A token is needed
					push.example | TRUSTED        | Cookie: fanfare=a                                      | ''                       | 401 A token is needed
					127.evil.com | TRUSTED        | Cookie: fanfare=a                                      | ''                       | 401 A token is needed
					localhost.io | TRUSTED        | Cookie: fanfare=a                                      | ''                       | 401 A token is needed
					push.example | TRUSTED        | Cookie: __host-fanfare=a                               | ''                       | 401 A token is needed
					push.example | WITHOUT_COOKIE | Cookie: __Host-fanfare=a                               | ''                       | 403 Cookie:
					localhost    | WITHOUT_COOKIE | Cookie: fanfare=a                                      | ''                       | 403 Cookie:
					push.example | TRUSTED        | Authorization: Bearer a;;Authorization: Bearer a       | ''                       | 400 Authorization:
					push.example | TRUSTED        | Authorization: Basic x;;Authorization: Bearer a        | ''                       | 400 Authorization:
					push.example | TRUSTED        | ''                                                     | access_token=a&access_token=a | 400 access_token:
					push.example | TRUSTED        | ''                                                     | token=&token=a           | 400 token:
					push.example | TRUSTED        | Authorization: Bearer a                                | access_token=a           | 400 Authorization, access_token:
					push.example | TRUSTED        | ''                                                     | access_token=a&token=a   | 400 access_token, token:
					push.example | TRUSTED        | Authorization: Bearer a;;Cookie: __Host-fanfare=a      | ''                       | 400 Authorization, Cookie:
					push.example | WITHOUT_COOKIE | Cookie: __Host-fanfare=a                               | token=a                  | 400 token, Cookie:
					push.example | TRUSTED        | Cookie: __Host-fanfare=a; __Host-fanfare=a             | ''                       | 400 Cookie:
					push.example | TRUSTED        | Cookie: __Host-fanfare=a;;Cookie: __Host-fanfare=b     | ''                       | 400 Cookie:
					push.example | TRUSTED        | Cookie: __Host-fanfare=;;Cookie: __Host-fanfare=b      | ''                       | 400 Cookie:
					localhost    | TRUSTED        | Cookie: fanfare=a; __Host-fanfare=a                    | ''                       | 400 Cookie:
					""")
	void oneCredentialCounts(String host, RequestOrigin origin, String lines, String query, String expected) {
		HttpHeaders headers = headers(host, lines);
		Map<String, List<String>> parameters = new HashMap<>();
		for (String pair : query.split("&")) {
			if (!pair.isEmpty()) {
				parameters.computeIfAbsent(pair.substring(0, pair.indexOf('=')), (name) -> new ArrayList<>())
					.add(pair.substring(pair.indexOf('=') + 1));
			}
		}
		String found;
		try {
			Credential credential = StreamCredentials.find(headers, parameters, origin,
					RequestOrigin.isToLoopback(headers, false));
			found = ((Credential.Token) credential).text();
		}
		catch (ProblemException ex) {
			found = ex.problem().status() + " " + ex.problem().detail();
		}
		assertThat(found).startsWith(expected);
		assertThat(found.length() == 1).isEqualTo(expected.length() == 1);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			localhost:8081 | ''                                  | true  | true
			localhost:8081 | X-Forwarded-Host: push.example      | true  | false
			localhost:8081 | X-Forwarded-Host: push.example      | false | true
			localhost:8081 | X-Forwarded-Host: localhost:8000    | true  | true
			push.example   | X-Forwarded-Host: localhost:8000    | true  | false
			""")
	void aHostOfTheMachineItselfIsToldFromOneThatAProxyPutThere(String host, String lines, boolean proxied,
			boolean loopback) {
		assertThat(RequestOrigin.isToLoopback(headers(host, lines), proxied)).isEqualTo(loopback);
	}

}
