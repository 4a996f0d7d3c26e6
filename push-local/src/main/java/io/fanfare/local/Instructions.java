package io.fanfare.local;

/** What is where, with lines to paste. */
final class Instructions {

	private Instructions() {
	}

	static String of(Cluster cluster, LocalSettings settings, String redisUrl) {
		String api = "localhost:" + cluster.apiPort();
		String first = "localhost:" + cluster.streamPort(0);
		String other = "localhost:" + cluster.streamPort(settings.nodes() - 1);
		return """

				Fanfare is up: %d nodes, an API and Redis. Ctrl-C stops it all.

				  see it by hand   http://%s/#key=%s%s
				  API              http://%s/v1          described at http://%s/swagger-ui.html
				  streams          http://%s/events   http://%s/events
				  health, metrics  http://localhost:%d/actuator/health   http://localhost:%d/actuator/prometheus
				  Redis            %s

				Get a token for alice, and open her stream:

				  TOKEN=$(curl -s %s/v1/tokens -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{"user":"alice","channels":["*"]}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')
				  curl -N "%s/events?channel=news&access_token=$TOKEN"

				Publish to her, from another terminal, as a backend would:

				  curl %s/v1/messages -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{"to":{"user":"alice"},"data":"hello"}'
				  curl %s/v1/messages -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{"to":{"channel":"news"},"event":"headline","data":{"title":"It works"}}'

				Resume on the other node: all that is retained, then what comes (lastEventId=<an id you saw> for what came after it):

				  curl -N "%s/events?channel=news&lastEventId=earliest&access_token=$TOKEN"

				"""
			.formatted(settings.nodes(), api, settings.apiKey(), panes(cluster, first, other), api, api, first, other,
					cluster.controlPort(0), cluster.apiControlPort(), redisUrl, api, settings.apiKey(), first, api,
					settings.apiKey(), api, settings.apiKey(), other);
	}

	/** The page knows the usual ports by itself. */
	private static String panes(Cluster cluster, String first, String other) {
		boolean usual = cluster.apiPort() == 8080 && first.endsWith(":8081") && other.endsWith(":8082");
		return usual ? "" : "&a=http://" + first + "/events&b=http://" + other + "/events";
	}

}
