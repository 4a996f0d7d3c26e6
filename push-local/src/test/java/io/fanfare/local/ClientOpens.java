package io.fanfare.local;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.process.NginxProcess;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * When each client asked for streams, as nginx logs it: a request that is answered by
 * anything, or by nothing, is one as well.
 */
final class ClientOpens {

	/**
	 * What a client may be early by: nginx looks at its clock once per turn of its loop.
	 */
	private static final long ROUNDING = 5;

	private static final Pattern OPEN = Pattern
		.compile("\\[([0-9.]+)] \"GET /events [^\"]*\" ([0-9]{3}) [0-9]+ ([0-9.]+) .*client=\"([^\"]+)\"");

	private ClientOpens() {
	}

	/**
	 * What the log of nginx has to say for this, and that it serves the pages of a site.
	 */
	static Map<String, String> logged(ClientSite site) {
		return Map.of("[$time_iso8601]", "[$msec]", "\"$http_user_agent\"", "client=\"$arg_client\"",
				"\"http://localhost:8080\"", "\"" + site.origin() + "\"");
	}

	/** How many streams a user has, on both nodes. */
	static int of(ApiClient backend, String user) {
		return Stream.of("node-1", "node-2")
			.mapToInt((node) -> backend.get("/v1/nodes/" + node + "/connections?user=" + user)
				.ok()
				.required("connections")
				.size())
			.sum();
	}

	/**
	 * When streams were asked for, in milliseconds, by client: nginx logs when a request
	 * ended and how long it took, both by the same look at its clock, so the difference
	 * is when it began.
	 */
	static Map<String, List<Long>> byClient(NginxProcess nginx) {
		Map<String, List<Long>> opens = new TreeMap<>();
		Matcher line = OPEN.matcher(nginx.accessLog());
		while (line.find()) {
			long ended = millis(line.group(1));
			opens.computeIfAbsent(line.group(4), (client) -> new ArrayList<>()).add(ended - millis(line.group(3)));
		}
		opens.values().forEach((times) -> times.sort(null));
		return opens;
	}

	private static long millis(String seconds) {
		return Math.round(Double.parseDouble(seconds) * 1000);
	}

	/** Not more than one per half a second, whatever happens. */
	static void assertNoneInATightLoop(NginxProcess nginx) {
		byClient(nginx).forEach((client, times) -> {
			for (int i = 1; i < times.size(); i++) {
				assertThat(times.get(i) - times.get(i - 1)).as("open %s of %s", i, client)
					.isGreaterThanOrEqualTo(500 - ROUNDING);
			}
		});
	}

}
