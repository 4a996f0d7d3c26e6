package io.fanfare.faults.check;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.fanfare.faults.traffic.Entry;
import io.fanfare.faults.traffic.Notes;
import io.fanfare.faults.traffic.Publisher.Accepted;
import io.fanfare.protocol.MessageId;
import io.fanfare.test.api.ApiClient;
import tools.jackson.databind.JsonNode;

/**
 * Asks the API what became of messages, and holds the answers against what pages wrote
 * down. What a page heard was delivered. What it did not hear although it is live was
 * not, unless a gap says so; a page that is not live may miss what was written to a wire
 * that was cut.
 */
public final class Explanations {

	/** How many messages are asked about. */
	private static final int MOST = 200;

	/** Of what is asked, so much may be unknown. */
	private static final double MAX_UNKNOWN = 0.02;

	/** What 99 of 100 answers take at most. */
	private static final Duration MAX_TIME = Duration.ofMillis(300);

	/** How many at once. */
	private static final int AT_ONCE = 4;

	private final ApiClient api;

	private final List<Notes> pages;

	private final List<String> wrong = new ArrayList<>();

	private final List<Duration> took = new ArrayList<>();

	private int unknown;

	/**
	 * Makes the questions.
	 * @param api where they are asked
	 * @param pages all pages
	 */
	public Explanations(ApiClient api, List<Notes> pages) {
		this.api = api;
		this.pages = List.copyOf(pages);
	}

	private record Question(Accepted message, String user) {

	}

	private record Told(Question question, ApiClient.Reply reply) {

	}

	/**
	 * Asks about some of the messages, spread over all.
	 * @param accepted what was answered by 200
	 * @return this
	 */
	public Explanations ask(List<Accepted> accepted) {
		List<Question> questions = new ArrayList<>();
		double every = Math.max(1, accepted.size() / (double) MOST);
		for (double i = 0; i < accepted.size(); i += every) {
			Accepted message = accepted.get((int) i);
			List<Notes> hearers = this.pages.stream()
				.filter((page) -> page.channels().contains(message.channel()))
				.toList();
			if (!hearers.isEmpty()) {
				questions.add(new Question(message, hearers.get(message.number() % hearers.size()).user()));
			}
		}
		// All that are asked at once would wait until processes that have just started
		// know how.
		questions.stream().findFirst().ifPresent(this::ask);
		try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
			List<Future<Told>> answers = questions.stream().map((one) -> threads.submit(() -> ask(one))).toList();
			for (Future<Told> answer : answers) {
				check(answer.get());
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
		return this;
	}

	private Told ask(Question question) {
		return new Told(question, this.api.get("/v1/messages/" + MessageId.format(question.message().id())
				+ "/trace?user=" + encoded(question.user()) + "&channel=" + encoded(question.message().channel())));
	}

	private static String encoded(String text) {
		return URLEncoder.encode(text, StandardCharsets.UTF_8);
	}

	private void check(Told told) {
		this.took.add(told.reply().took());
		JsonNode answer = told.reply().body();
		if (told.reply().status() != 200 || answer == null) {
			this.wrong.add(told.toString());
			return;
		}
		Accepted message = told.question().message();
		List<Notes> own = this.pages.stream().filter((page) -> page.user().equals(told.question().user())).toList();
		boolean heard = own.stream()
			.flatMap((page) -> page.journal().stream())
			.anyMatch((entry) -> entry instanceof Entry.Heard one && one.number() == message.number());
		boolean announced = own.stream()
			.flatMap((page) -> page.journal().stream())
			.anyMatch((entry) -> entry instanceof Entry.Announced gap && gap.covers(message.channel(), message.id()));
		boolean live = own.stream().allMatch(Notes::live);
		String outcome = answer.required("outcome").asString();
		boolean right = switch (outcome) {
			case "unknown" -> {
				this.unknown++;
				yield true;
			}
			case "acknowledged" -> heard;
			case "written", "replayed" -> heard || announced || !live;
			case "owed" -> !heard;
			default -> !heard || announced && "gap".equals(answer.required("reason").asString(""));
		};
		if (!right) {
			this.wrong.add(message + " to " + told.question().user() + ", heard " + heard + ": " + answer);
		}
	}

	/**
	 * Adds what is wrong with the answers.
	 * @param complaints takes it
	 * @param everyNodeWasThere whether no node was ended at once, silent or cut off from
	 * Redis: what its streams had done is not known of them all
	 */
	public void check(Complaints complaints, boolean everyNodeWasThere) {
		complaints.check("messages are explained as they were", this.wrong.isEmpty(), this.wrong);
		complaints.check("messages are explained soon", percentile99().compareTo(MAX_TIME) < 0, extent());
		complaints.check("what became of messages is known",
				!everyNodeWasThere || this.unknown <= MAX_UNKNOWN * this.took.size(), extent());
	}

	private Duration percentile99() {
		List<Duration> sorted = this.took.stream().sorted().toList();
		return sorted.isEmpty() ? Duration.ZERO : sorted.get(Math.ceilDiv(sorted.size() * 99, 100) - 1);
	}

	/**
	 * How many were asked, what was not known, and how long it took.
	 * @return in words
	 */
	public String extent() {
		return String.format(Locale.ROOT, "explained %d messages, unknown %d, p99 %d ms", this.took.size(),
				this.unknown, percentile99().toMillis());
	}

}
