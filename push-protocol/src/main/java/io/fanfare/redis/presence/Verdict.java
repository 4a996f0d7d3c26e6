package io.fanfare.redis.presence;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.redis.Reply;

/**
 * What a renewal found of one connection.
 *
 * @param index its place in the list that was sent
 * @param kind what was found
 * @param generation the generation that holds the user now
 */
public record Verdict(int index, Kind kind, long generation) {

	/** The kinds. */
	public enum Kind {

		/**
		 * The field was gone or older, and is written back: messages may have gone
		 * nowhere meanwhile.
		 */
		RESTORED,
		/** Another client owns the user, or the user was disconnected. */
		LOST,
		/** The same client owns the user by a newer connection. */
		REPLACED

	}

	/** Reads those that a reply ends with. */
	static List<Verdict> read(Reply reply) {
		List<Verdict> verdicts = new ArrayList<>(reply.remaining() / 3);
		while (reply.hasNext()) {
			int index = (int) reply.number();
			Kind kind = switch (reply.text()) {
				case "restored" -> Kind.RESTORED;
				case "replaced" -> Kind.REPLACED;
				default -> Kind.LOST;
			};
			verdicts.add(new Verdict(index, kind, reply.id()));
		}
		return verdicts;
	}

}
