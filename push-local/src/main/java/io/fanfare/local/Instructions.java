package io.fanfare.local;

import java.util.Locale;

/** What is where: the page first, then lines to paste. */
final class Instructions {

	private static final String SHELL = """
			Or by hand: a token for alice, and her stream

			  TOKEN=$(curl -s API/v1/tokens -H 'Accept: text/plain' -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' -d '{"user":"alice","channels":["*"]}')
			  curl -N "FIRST/events?channel=news&access_token=$TOKEN"

			Publish to her, from another terminal, as a backend would

			  curl API/v1/messages -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' -d '{"to":{"user":"alice"},"data":"hello"}'
			  curl API/v1/messages -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' -d '{"to":{"channel":"news"},"event":"headline","data":{"title":"It works"}}'

			Resume on the other node: all that is retained, then what comes (lastEventId=<an id you saw> for what came after it)

			  curl -N "OTHER/events?channel=news&lastEventId=earliest&access_token=$TOKEN"
			""";

	/** Its curl takes quotes apart, and its programs of the same name differ. */
	private static final String POWERSHELL = """
			Or by hand, in PowerShell: a token for alice, and her stream

			  $TOKEN = irm http://API/v1/tokens -Method Post -Headers @{Accept='text/plain'; Authorization='Bearer KEY'} -ContentType application/json -Body '{"user":"alice","channels":["*"]}'
			  curl.exe -N "http://FIRST/events?channel=news&access_token=$TOKEN"

			Publish to her, from another window, as a backend would

			  irm http://API/v1/messages -Method Post -Headers @{Authorization='Bearer KEY'} -ContentType application/json -Body '{"to":{"user":"alice"},"data":"hello"}'
			  irm http://API/v1/messages -Method Post -Headers @{Authorization='Bearer KEY'} -ContentType application/json -Body '{"to":{"channel":"news"},"event":"headline","data":{"title":"It works"}}'

			Resume on the other node: all that is retained, then what comes (lastEventId=<an id you saw> for what came after it)

			  curl.exe -N "http://OTHER/events?channel=news&lastEventId=earliest&access_token=$TOKEN"
			""";

	private Instructions() {
	}

	static String of(Cluster cluster, LocalSettings settings, String redisUrl) {
		String api = "localhost:" + cluster.apiPort();
		String first = "localhost:" + cluster.streamPort(0);
		String other = "localhost:" + cluster.streamPort(settings.nodes() - 1);
		return """

				Fanfare is up. See it in a browser:

				  http://%s/#key=%s

				%s
				Also there: the console http://%s/console; API http://%s/v1, described at http://%s/swagger-ui.html; streams http://%s/events and http://%s/events;
				health http://localhost:%d/actuator/health; metrics http://localhost:%d/actuator/prometheus; Redis %s
				Ctrl-C stops it all.
				"""
			.formatted(api, settings.apiKey(),
					lines(System.getProperty("os.name"), api, first, other, settings.apiKey()), api, api, api, first,
					other, cluster.controlPort(0), cluster.apiControlPort(), withoutPassword(redisUrl));
	}

	/** The lines to paste, for the shell of an operating system. */
	static String lines(String system, String api, String first, String other, String key) {
		boolean windows = system.toLowerCase(Locale.ROOT).startsWith("windows");
		// The key last, for it may contain any of the others; quoted as the shell has it
		return (windows ? POWERSHELL : SHELL).replace("API/", api + "/")
			.replace("FIRST/", first + "/")
			.replace("OTHER/", other + "/")
			.replace("Bearer KEY", "Bearer " + key.replace("'", windows ? "''" : "'\\''"));
	}

	private static String withoutPassword(String url) {
		return url.replaceFirst("//[^/]*@", "//");
	}

}
