package io.fanfare.faults.alert;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeMessage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What operators receive: a server for webhooks and a mail server, which keep everything.
 * Used by one thread, but for what arrives.
 */
final class Inbox implements AutoCloseable {

	/** Alertmanager's webhook. */
	static final String WEBHOOK = "/webhook";

	/** The webhook of the built-in alerts. */
	static final String BUILT_IN_WEBHOOK = "/built-in";

	/** To whom the built-in alerts go; Alertmanager's go where it is shipped to send. */
	static final String BUILT_IN_MAIL = "on-call@example.org";

	/** With which Alertmanager logs in. */
	static final String MAIL_PASSWORD = "of-the-test";

	private static final String MAIL_USER = "fanfare@example.com";

	/** The title of {@code fanfare.tmpl}. */
	private static final Pattern SUBJECT = Pattern.compile("\\[(FIRING|RESOLVED)[ \\w]*\\] (\\w+)");

	/** A line of a built-in mail. */
	private static final Pattern LINE = Pattern.compile("(?m)^(Firing|Resolved) \\(([a-z-]+), since ");

	private final HttpServer http;

	private final GreenMail mail = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));

	private final List<Notice> posted = new CopyOnWriteArrayList<>();

	/** How many of each way were there when the inbox was last emptied. */
	private final Map<Way, Integer> old = new EnumMap<>(Way.class);

	Inbox() {
		try {
			this.http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.http.createContext("/", this::take);
		this.http.start();
		this.mail.start();
		this.mail.setUser(MAIL_USER, MAIL_PASSWORD);
		empty();
	}

	/** How a notice comes. */
	enum Way {

		/** Alertmanager's webhook, to which it posts what is critical. */
		WEBHOOK,
		/** Alertmanager's mail. */
		MAIL,
		/** The webhook of the built-in alerts. */
		BUILT_IN_WEBHOOK,
		/** The mail of the built-in alerts. */
		BUILT_IN_MAIL

	}

	/**
	 * A notice of an alert.
	 *
	 * @param way how it came
	 * @param alert the name of the alert, or of the built-in rule
	 * @param firing whether the alert fires; if not, it is resolved
	 */
	record Notice(Way way, String alert, boolean firing) {

	}

	String url(String path) {
		return "http://127.0.0.1:" + this.http.getAddress().getPort() + path;
	}

	int mailPort() {
		return this.mail.getSmtp().getPort();
	}

	private void take(HttpExchange exchange) throws IOException {
		try (exchange) {
			String path = exchange.getRequestURI().getPath();
			JsonNode body = JsonMapper.shared().readTree(exchange.getRequestBody().readAllBytes());
			if (path.equals(WEBHOOK)) {
				this.posted.add(new Notice(Way.WEBHOOK, body.required("groupLabels").required("alertname").asString(),
						isFiring(body)));
			}
			else if (path.equals(BUILT_IN_WEBHOOK)) {
				body.required("alerts")
					.forEach((alert) -> this.posted
						.add(new Notice(Way.BUILT_IN_WEBHOOK, alert.required("rule").asString(), isFiring(alert))));
			}
			exchange.sendResponseHeaders(200, -1);
		}
	}

	private static boolean isFiring(JsonNode alert) {
		return alert.required("status").asString().equals("firing");
	}

	/** From now on only what comes later counts. */
	void empty() {
		for (Way way : Way.values()) {
			this.old.put(way, all(way).size());
		}
	}

	/**
	 * Which alerts there was a notice of.
	 * @param way how it came
	 * @return their names
	 */
	Set<String> named(Way way) {
		return present(way).stream().map(Notice::alert).collect(Collectors.toCollection(TreeSet::new));
	}

	/**
	 * Of which alerts the last notice was that they fire.
	 * @param way how it came
	 * @return their names
	 */
	Set<String> firing(Way way) {
		Map<String, Boolean> last = new LinkedHashMap<>();
		present(way).forEach((notice) -> last.put(notice.alert(), notice.firing()));
		return last.keySet().stream().filter(last::get).collect(Collectors.toCollection(TreeSet::new));
	}

	/**
	 * Everything that came since the inbox was emptied.
	 * @return the notices, by way
	 */
	List<Notice> present() {
		return Arrays.stream(Way.values()).flatMap((way) -> present(way).stream()).toList();
	}

	private List<Notice> present(Way way) {
		List<Notice> all = all(way);
		return all.subList(this.old.get(way), all.size());
	}

	private List<Notice> all(Way way) {
		return switch (way) {
			case WEBHOOK, BUILT_IN_WEBHOOK -> this.posted.stream().filter((notice) -> notice.way() == way).toList();
			case MAIL -> mails("operators@example.com", Inbox::ofAlertmanager);
			case BUILT_IN_MAIL -> mails(BUILT_IN_MAIL, Inbox::builtIn);
		};
	}

	/** Reads the notices of a mail. */
	private interface Reader {

		List<Notice> read(MimeMessage mail) throws MessagingException, IOException;

	}

	private List<Notice> mails(String to, Reader reader) {
		List<Notice> notices = new ArrayList<>();
		try {
			for (MimeMessage one : this.mail.getReceivedMessagesForDomain(to)) {
				notices.addAll(reader.read(one));
			}
		}
		catch (MessagingException ex) {
			throw new IllegalStateException(ex);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return notices;
	}

	private static List<Notice> ofAlertmanager(MimeMessage mail) throws MessagingException {
		Matcher subject = SUBJECT.matcher(mail.getSubject());
		if (!subject.matches()) {
			throw new IllegalStateException("A mail about something else: " + mail.getSubject());
		}
		return List.of(new Notice(Way.MAIL, subject.group(2), subject.group(1).equals("FIRING")));
	}

	private static List<Notice> builtIn(MimeMessage mail) throws MessagingException, IOException {
		return LINE.matcher(mail.getContent().toString())
			.results()
			.map((line) -> new Notice(Way.BUILT_IN_MAIL, line.group(2), line.group(1).equals("Firing")))
			.toList();
	}

	@Override
	public void close() {
		this.http.stop(0);
		this.mail.stop();
	}

}
