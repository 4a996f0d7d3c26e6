package io.fanfare.local;

import java.util.Map;
import java.util.regex.Pattern;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.Request;
import com.microsoft.playwright.Route;

/**
 * Answers a doctor in place of the nodes, as they would be seen behind a proxy that holds
 * events back, strips {@code Authorization}, and has pages of its own for errors. All at
 * once, so that a test sees findings without waiting for them.
 */
final class BrokenWay {

	private static final Pattern DOCTOR = Pattern.compile("/events\\?doctor=1&");

	private static final int TICKS = 12;

	private static final int TICK_MS = 250;

	private BrokenWay() {
	}

	static void before(Page page) {
		page.route(DOCTOR, BrokenWay::answer);
	}

	private static void answer(Route route) {
		Request request = route.request();
		Route.FulfillOptions answer = new Route.FulfillOptions();
		Map<String, String> cors = Map.of("Access-Control-Allow-Origin", "*");
		if (request.url().contains("status=")) {
			route.fulfill(
					answer.setStatus(200).setHeaders(cors).setContentType("text/html").setBody("<h1>Try later</h1>"));
			return;
		}
		String nonce = request.url().replaceFirst(".*nonce=", "");
		// Sent over some seconds, arrived now
		long end = System.currentTimeMillis();
		long begin = end - TICKS * TICK_MS;
		StringBuilder body = new StringBuilder(block("hello", 0, begin, """
				, "nonce": "%s", "script": "pace", "node": "node-1", "heartbeatMs": 15000, "silenceMs": 20000,
				"request": {"protocol": "HTTP/1.1", "authorization": false, "lastEventId": "doctor-%s", "cookie": false,
				"acceptEncoding": null, "origin": null, "host": null}""".formatted(nonce, nonce)));
		for (int n = 1; n <= TICKS; n++) {
			body.append(block("tick", n, begin + n * TICK_MS, ""));
		}
		body.append(block("end", TICKS + 1, end, ""));
		route.fulfill(answer.setStatus(200)
			.setHeaders(cors)
			.setContentType("text/event-stream;charset=utf-8")
			.setBody(body.toString()));
	}

	private static String block(String name, int n, long at, String more) {
		return "event: doctor.%s\ndata: {\"n\": %d, \"at\": %d, \"sent\": %d%s}\n\n".formatted(name, n, at, n * 100,
				more.replace("\n", ""));
	}

}
