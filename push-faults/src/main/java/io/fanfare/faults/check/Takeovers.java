package io.fanfare.faults.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

import io.fanfare.faults.traffic.Entry;
import io.fanfare.faults.traffic.Notes;
import io.fanfare.protocol.MessageId;

/** Holds the pages of each user against the promise of one stream per user. */
final class Takeovers {

	private final List<Notes> pages;

	private final BiConsumer<String, Object> complaints;

	Takeovers(List<Notes> pages, BiConsumer<String, Object> complaints) {
		this.pages = pages;
		this.complaints = complaints;
	}

	private record Life(String page, long began, long lastHeard) {
	}

	/**
	 * How long a stream heard messages after a newer one of another page had begun.
	 * @param atMost how long a kick may take
	 * @return the longest time
	 */
	Duration checkKicks(Duration atMost) {
		Map<String, List<Life>> lives = new HashMap<>();
		for (Notes page : this.pages) {
			lives.computeIfAbsent(page.user(), (user) -> new ArrayList<>()).addAll(lives(page));
		}
		long longest = 0;
		for (Map.Entry<String, List<Life>> user : lives.entrySet()) {
			for (Life older : user.getValue()) {
				for (Life newer : user.getValue()) {
					if (!older.page().equals(newer.page()) && older.began() < newer.began()) {
						longest = Math.max(longest, older.lastHeard() - newer.began());
					}
				}
			}
		}
		Duration twice = Duration.ofNanos(longest);
		if (twice.compareTo(atMost) > 0) {
			this.complaints.accept("two streams of one user", twice);
		}
		return twice;
	}

	/**
	 * Of a user's pages the one that was first admitted last is the one that lives,
	 * unless an older one was away at that moment and came back. A page that never had a
	 * cursor begins where its claim was.
	 */
	void checkWinners() {
		Map<String, Notes> newest = new HashMap<>();
		for (Notes page : this.pages) {
			newest.merge(page.user(), page, (one, other) -> (claimed(one) >= claimed(other)) ? one : other);
		}
		for (Notes page : this.pages) {
			Notes winner = newest.getOrDefault(page.user(), page);
			if (page.live() && claimed(page) < claimed(winner) && hadStream(page, admitted(winner))) {
				this.complaints.accept("an older page won", page.user());
			}
		}
	}

	private static long admitted(Notes page) {
		for (Entry entry : page.journal()) {
			if (entry instanceof Entry.Connected connected) {
				return connected.at();
			}
		}
		return Long.MAX_VALUE;
	}

	/**
	 * Whether a page had a stream at a time. One that was just cut off could not be
	 * displaced: it comes back as any page does, and takes its user over.
	 */
	private static boolean hadStream(Notes page, long at) {
		Set<Integer> open = new HashSet<>();
		for (Entry entry : page.journal()) {
			if (entry.at() <= at && entry instanceof Entry.Connected) {
				open.add(entry.stream());
			}
			else if (entry.at() <= at && entry instanceof Entry.Ended) {
				open.remove(entry.stream());
			}
		}
		return !open.isEmpty();
	}

	private static long claimed(Notes page) {
		for (Entry entry : page.journal()) {
			if (entry instanceof Entry.Connected connected) {
				return connected.from();
			}
		}
		return MessageId.ZERO;
	}

	private static List<Life> lives(Notes page) {
		List<Life> lives = new ArrayList<>();
		Map<Integer, Long> lastHeard = new HashMap<>();
		for (Entry entry : page.journal()) {
			if (entry instanceof Entry.Heard) {
				lastHeard.put(entry.stream(), entry.at());
			}
		}
		for (Entry entry : page.journal()) {
			if (entry instanceof Entry.Connected) {
				lives.add(new Life(page.page(), entry.at(), lastHeard.getOrDefault(entry.stream(), entry.at())));
			}
		}
		return lives;
	}

}
