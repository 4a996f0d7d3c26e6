package io.fanfare.api.channel;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

import io.fanfare.protocol.MessageId;
import io.fanfare.redis.history.History;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A page of what a channel retained.
 *
 * @param items the messages, oldest first, without those past their time to live and
 * those that cannot be read
 * @param next the id to go on with in the same direction, or null at the end
 * @param floor the oldest id that is retained, or null without any
 * @param latest the channel's last id, or null if it never had a message or was silent
 * for long
 */
record HistoryPage(List<Item> items, @Schema(types = {
		"string", "null" }, description = "The id to go on with in the same direction; null at the end.",
		example = "1785000000000-0") @Nullable String next,
		@Schema(types = { "string", "null" }, description = "The oldest id that is retained; null without any.",
				example = "1785000000000-0") @Nullable String floor,
		@Schema(types = { "string", "null" }, description = "The channel's last id; null if it never had a message.",
				example = "1785000000000-7") @Nullable String latest){

	/**
	 * A message.
	 *
	 * @param id its id
	 * @param event its event
	 * @param data its data, as it travelled
	 * @param at when it was published
	 */
	@Schema(name = "HistoryItem")
	record Item(@Schema(example = "1785000000000-0") String id, @Schema(example = "order") String event,
			@Schema(description = "The data as streams get it, always a string: for JSON, its text.",
					example = "Lunch is ready") String data,
			Instant at) {

		/** Without the data: Spring MVC logs at DEBUG what it writes. */
		@Override
		public String toString() {
			return "Item[id=" + this.id + "]";
		}

		static Item of(History.Entry entry) {
			return new Item(MessageId.format(entry.id()), entry.envelope().event(),
					new String(entry.envelope().data(), StandardCharsets.UTF_8),
					Instant.ofEpochMilli(entry.envelope().publishedAt()));
		}

	}

	static HistoryPage of(History.Page page, Instant now) {
		List<History.Entry> entries = page.entries();
		String next = null;
		if (page.more() && page.end() != MessageId.ZERO) {
			next = MessageId.format(page.end());
		}
		List<Item> items = entries.stream()
			.filter((entry) -> !entry.envelope().isExpired(now.toEpochMilli()))
			.map(Item::of)
			.toList();
		return new HistoryPage(items, next, idOrNull(page.floor()), idOrNull(page.latest()));
	}

	private static @Nullable String idOrNull(long id) {
		return (id != MessageId.ZERO) ? MessageId.format(id) : null;
	}

}
