package io.fanfare.faults.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.traffic.Entry;
import io.fanfare.faults.traffic.Notes;
import io.fanfare.faults.traffic.Publisher.Accepted;
import io.fanfare.protocol.MessageId;
import io.fanfare.test.api.ApiClient;
import org.jspecify.annotations.Nullable;

/**
 * Holds what pages wrote down against what the API accepted.
 * <p>
 * A page is owed every accepted message of its channels above the point where its first
 * stream began, up to the newest that it heard; a page that is live at the end, up to the
 * last message of all. Its user's messages belong to the page that took the user over,
 * from its claim on: a kick that is lost leaves the older one its topics for a while. It
 * was given what it heard or was told of by a gap. All of its streams are one: a page
 * that comes back goes on where it was.
 */
public final class Checker {

	private static final Duration REFUSAL = Duration.ofSeconds(2);

	/** How long a kick may take where the node can be told. */
	private static final Duration KICK = Duration.ofSeconds(1);

	/** Of a kind. */
	private static final int COMPLAINTS = 3;

	private final Expectations expectations;

	private final Collection<Accepted> accepted;

	private final Map<Integer, Accepted> byNumber;

	private final Map<String, List<Accepted>> byChannel;

	private final long begunAt;

	private final @Nullable Long healedAt;

	private final List<String> complaints = new ArrayList<>();

	private final Map<String, Integer> kinds = new HashMap<>();

	private int delivered;

	private int lost;

	private int unannounced;

	private int doubled;

	private int reordered;

	private int gaps;

	private int falseGaps;

	private Duration longestSilence = Duration.ZERO;

	private @Nullable Duration recovery;

	/**
	 * Makes a checker.
	 * @param expectations what may happen
	 * @param accepted what was answered by 200
	 * @param begunAt when what is checked began: a stream may have ended before
	 * @param healedAt when the fault was over, by {@link System#nanoTime()}; null if
	 * there was none
	 */
	public Checker(Expectations expectations, Collection<Accepted> accepted, long begunAt, @Nullable Long healedAt) {
		this.expectations = expectations;
		this.accepted = accepted;
		this.byNumber = accepted.stream()
			.collect(Collectors.toMap(Accepted::number, Function.identity(), (one, other) -> one));
		this.byChannel = accepted.stream().collect(Collectors.groupingBy(Accepted::channel));
		this.begunAt = begunAt;
		this.healedAt = healedAt;
	}

	/**
	 * Checks everything. Once only.
	 * @param pages all pages
	 * @param steady those that do nothing but listen
	 * @param refused what was answered otherwise than by 200
	 * @param timing of the deployment
	 * @return the score
	 */
	public Score check(List<Notes> pages, List<Notes> steady, Collection<ApiClient.Reply> refused, Timing timing) {
		pages.forEach((page) -> checkDelivery(page, takenOverAt(page, pages)));
		steady.forEach(this::checkTimes);
		Takeovers takeovers = new Takeovers(pages, this::complain);
		Duration twice = takeovers.checkKicks(this.expectations.link() ? KICK : timing.lease());
		takeovers.checkWinners();
		List<Entry> ends = steady.stream()
			.flatMap((page) -> page.journal().stream())
			.filter((entry) -> entry instanceof Entry.Ended && entry.at() - this.begunAt >= 0)
			.toList();
		if (this.expectations.streamsStay() && !ends.isEmpty()) {
			complain("streams ended", ends.size() + ", such as by " + ends.getFirst());
		}
		if (this.expectations.heartbeats()) {
			Duration atMost = timing.heartbeat().plusMillis(1500);
			steady.stream()
				.map(Notes::longestQuiet)
				.filter((quiet) -> quiet.compareTo(atMost) > 0)
				.findFirst()
				.ifPresent((quiet) -> complain("no heartbeat", quiet));
		}
		checkRefusals(refused);
		return new Score(this.accepted.size(), refused.size(),
				refused.stream().map(ApiClient.Reply::took).max(Duration::compareTo).orElse(Duration.ZERO),
				this.delivered, this.lost, this.unannounced, this.doubled, this.reordered, this.gaps, this.falseGaps,
				this.longestSilence, this.recovery, twice, Duration.ZERO, ends.size(), 0, List.of(), this.complaints);
	}

	private void checkRefusals(Collection<ApiClient.Reply> refused) {
		for (ApiClient.Reply reply : refused) {
			if (reply.status() == 503 && (reply.took().compareTo(REFUSAL) > 0 || !reply.retryAfter())) {
				complain("refused late", reply);
			}
			else if (reply.status() != 503 && reply.status() != 0) {
				complain("refused wrongly", reply);
			}
		}
	}

	// ---- one page

	private void checkDelivery(Notes page, long takenOver) {
		List<Entry> journal = page.journal();
		checkOrder(page, journal);
		Long begin = journal.stream()
			.filter(Entry.Connected.class::isInstance)
			.map((entry) -> ((Entry.Connected) entry).from())
			.findFirst()
			.orElse(null);
		if (begin == null) {
			return;
		}
		long first = begin;
		Set<Integer> heard = new HashSet<>();
		List<Entry.Announced> announced = new ArrayList<>();
		long newest = first;
		for (Entry entry : journal) {
			switch (entry) {
				case Entry.Heard message -> {
					heard.add(message.number());
					newest = Math.max(newest, message.id());
				}
				case Entry.Announced gap -> announced.add(gap);
				case Entry.Connected connected -> {
				}
				case Entry.Ended ended -> {
				}
			}
		}
		List<Accepted> missing = page.channels()
			.stream()
			.flatMap((channel) -> this.byChannel.getOrDefault(channel, List.of()).stream())
			.filter((message) -> message.id() > first && !heard.contains(message.number()))
			.filter((message) -> message.id() <= takenOver || !message.channel().startsWith("user:"))
			.toList();
		checkGaps(page, announced, missing);
		long end = page.live() ? MessageId.MAX : newest;
		for (Accepted message : missing) {
			if (message.id() <= end
					&& announced.stream().noneMatch((gap) -> gap.covers(message.channel(), message.id()))) {
				this.lost++;
				this.unannounced += isPassedOver(journal, message) ? 1 : 0;
				complain("lost", page.user() + ", " + message + ", id " + MessageId.format(message.id()) + ", live "
						+ page.live() + ", journal " + around(journal, message.at()));
			}
		}
	}

	/** Where the page that took the user over began; above all ids where none did. */
	private static long takenOverAt(Notes page, List<Notes> pages) {
		boolean kicked = page.journal()
			.stream()
			.anyMatch((entry) -> entry instanceof Entry.Ended ended && ended.why().equals("push.kicked takeover"));
		long last = page.journal()
			.stream()
			.filter(Entry.Connected.class::isInstance)
			.mapToLong(Entry::at)
			.max()
			.orElse(Long.MAX_VALUE);
		return pages.stream()
			.filter((other) -> kicked && !other.equals(page) && other.user().equals(page.user()))
			.flatMap((other) -> other.journal().stream())
			.filter((entry) -> entry instanceof Entry.Connected && entry.at() > last)
			.mapToLong((entry) -> ((Entry.Connected) entry).from())
			.min()
			.orElse(MessageId.MAX);
	}

	private void checkGaps(Notes page, List<Entry.Announced> announced, List<Accepted> missing) {
		this.gaps += announced.size();
		if (this.expectations.losesData()) {
			return;
		}
		for (Entry.Announced gap : announced) {
			if (!this.expectations.hides()
					|| missing.stream().noneMatch((message) -> gap.covers(message.channel(), message.id()))) {
				this.falseGaps++;
				complain("false gap", page.user() + ", " + gap);
			}
		}
	}

	/** Whether one stream was open before the message and heard something above it. */
	private static boolean isPassedOver(List<Entry> journal, Accepted message) {
		Set<Integer> above = new HashSet<>();
		for (Entry entry : journal) {
			if (entry instanceof Entry.Heard heard && heard.id() > message.id()) {
				above.add(heard.stream());
			}
		}
		return journal.stream()
			.anyMatch((entry) -> entry instanceof Entry.Connected connected && connected.from() < message.id()
					&& connected.at() <= message.at() && above.contains(connected.stream()));
	}

	/** What a page wrote down when it should have heard something. */
	private static List<Entry> around(List<Entry> journal, long at) {
		long window = Duration.ofMillis(100).toNanos();
		return journal.stream()
			.filter((entry) -> Math.abs(entry.at() - at) < window || !(entry instanceof Entry.Heard))
			.limit(16)
			.toList();
	}

	private void checkOrder(Notes page, List<Entry> journal) {
		Set<String> seen = new HashSet<>();
		long last = MessageId.ZERO;
		for (Entry entry : journal) {
			switch (entry) {
				case Entry.Connected connected -> last = connected.from();
				case Entry.Heard message -> {
					this.delivered++;
					if (!seen.add(message.number() + " " + message.id())) {
						this.doubled++;
						complain("doubled", page.user() + ", " + message);
					}
					else if (message.id() <= last) {
						this.reordered++;
						complain("reordered", page.user() + ", " + message + " after " + MessageId.format(last));
					}
					last = Math.max(last, message.id());
				}
				// Redis forgot ids that it had given: they may be given once more.
				case Entry.Announced gap -> last = gap.reason().equals("data-loss") ? Math.min(last, gap.from()) : last;
				case Entry.Ended ended -> {
					if (ended.why().startsWith("status") && !ended.why().equals("status 204")) {
						complain("ended for good", page.user() + ", " + ended);
					}
				}
			}
		}
		if (!this.expectations.losesData()) {
			checkRepetitions(page, journal);
		}
	}

	/** The same message under two ids: a repeated publish that was no replay. */
	private void checkRepetitions(Notes page, List<Entry> journal) {
		Map<Integer, Long> ids = new HashMap<>();
		for (Entry entry : journal) {
			if (entry instanceof Entry.Heard message) {
				Long before = ids.putIfAbsent(message.number(), message.id());
				if (before != null && before != message.id()) {
					this.doubled++;
					complain("doubled under another id",
							page.user() + ", " + message + ", before " + MessageId.format(before));
				}
			}
		}
	}

	private void checkTimes(Notes page) {
		if (!page.live()) {
			return;
		}
		long last = 0;
		Duration back = null;
		for (Entry entry : page.journal()) {
			if (!(entry instanceof Entry.Heard message)) {
				continue;
			}
			if (last != 0) {
				Duration silence = Duration.ofNanos(message.at() - last);
				this.longestSilence = (silence.compareTo(this.longestSilence) > 0) ? silence : this.longestSilence;
			}
			last = message.at();
			Accepted published = this.byNumber.get(message.number());
			if (this.healedAt != null && back == null && published != null && published.at() > this.healedAt) {
				// The answer to its publisher may come after the message itself.
				back = Duration.ofNanos(Math.max(0, message.at() - this.healedAt));
			}
		}
		if (this.healedAt == null) {
			return;
		}
		if (back == null) {
			complain("not back", page.user());
			return;
		}
		this.recovery = (this.recovery == null || back.compareTo(this.recovery) > 0) ? back : this.recovery;
		if (back.compareTo(this.expectations.recovery()) > 0) {
			complain("back late", page.user() + ", " + back);
		}
	}

	private void complain(String kind, Object what) {
		int count = this.kinds.merge(kind, 1, Integer::sum);
		if (count <= COMPLAINTS) {
			this.complaints.add(kind + ": " + what);
		}
	}

}
