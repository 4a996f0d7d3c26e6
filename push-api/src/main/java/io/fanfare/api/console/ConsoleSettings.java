package io.fanfare.api.console;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;

import io.fanfare.protocol.settings.InvalidSettingException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.api}: the pages.
 *
 * @param streams addresses of streams that the page offers: a path on the page's own
 * origin, or an address of another one. The page connects to nothing else. By default
 * {@code /events}, as behind a proxy that serves streams and API from one origin
 */
@Validated
@ConfigurationProperties("fanfare.api")
record ConsoleSettings(@DefaultValue("/events") List<String> streams) {

	private static final int MAX_STREAMS = 64;

	ConsoleSettings {
		if (streams.isEmpty() || streams.size() > MAX_STREAMS) {
			throw new InvalidSettingException("fanfare.api.streams", "must have 1 to " + MAX_STREAMS + " addresses");
		}
		for (String stream : streams) {
			origin(stream, streams.indexOf(stream) + 1);
		}
	}

	/** The origins of the streams, without the page's own. */
	List<String> origins() {
		return this.streams.stream()
			.map((stream) -> origin(stream, this.streams.indexOf(stream) + 1))
			.filter((origin) -> !origin.isEmpty())
			.distinct()
			.toList();
	}

	/** Empty for the page's own. */
	private static String origin(String stream, int number) {
		URI uri = uri(stream);
		if (uri != null && uri.getRawQuery() == null && uri.getRawFragment() == null) {
			if (!uri.isAbsolute() && uri.getRawAuthority() == null && stream.startsWith("/")) {
				return "";
			}
			if (uri.getHost() != null && uri.getRawUserInfo() == null
					&& ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
				return uri.getScheme() + "://" + uri.getHost() + ((uri.getPort() >= 0) ? ":" + uri.getPort() : "");
			}
		}
		throw new InvalidSettingException("fanfare.api.streams",
				"has paths such as /events, or addresses such as https://push.example/events; number " + number
						+ " is neither");
	}

	private static @Nullable URI uri(String text) {
		try {
			return new URI(text);
		}
		catch (URISyntaxException ex) {
			return null;
		}
	}

}
