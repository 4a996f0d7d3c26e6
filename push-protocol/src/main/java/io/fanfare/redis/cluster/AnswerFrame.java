package io.fanfare.redis.cluster;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.fanfare.protocol.Frame;
import io.fanfare.protocol.call.CallAnswer;

/**
 * An answer as it travels on the channel of the process that asked: {@code R id ok}, LF,
 * and the body, or {@code R id error}, LF, and nothing.
 *
 * @param id the call's
 * @param answer the answer
 */
record AnswerFrame(String id, CallAnswer answer) {

	private static final String OK = "ok";

	byte[] encode() {
		return switch (this.answer) {
			case CallAnswer.Done done -> Frame.line("R " + this.id + " " + OK, done.body());
			case CallAnswer.Refused refused -> Frame.line("R " + this.id + " " + refused.error());
			case CallAnswer.Silence silence -> throw new IllegalStateException("Silence does not travel");
		};
	}

	/**
	 * Reads an answer.
	 * @throws IllegalArgumentException if it is malformed
	 */
	static AnswerFrame decode(byte[] bytes) {
		int end = 0;
		while (end < bytes.length && bytes[end] != '\n') {
			end++;
		}
		String[] head = new String(bytes, 0, end, StandardCharsets.UTF_8).split(" ");
		if (end == bytes.length || head.length != 3 || !head[0].equals("R")) {
			throw new IllegalArgumentException("Malformed answer");
		}
		return new AnswerFrame(head[1],
				head[2].equals(OK) ? new CallAnswer.Done(Arrays.copyOfRange(bytes, end + 1, bytes.length))
						: new CallAnswer.Refused(head[2]));
	}

}
