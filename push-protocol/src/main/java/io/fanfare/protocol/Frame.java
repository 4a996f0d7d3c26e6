package io.fanfare.protocol;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/**
 * What travels over pub/sub: one line of text that begins with the kind, then, in a
 * message, its envelope. Scripts write them; the node reads them.
 */
public sealed interface Frame {

	/**
	 * A published message: {@code M id connection channel}, connection {@code -} where
	 * the channel is no user's, or the store may have forgotten who owns that user.
	 *
	 * @param id the message's id
	 * @param connection the connection that owned the user when it was published, or null
	 * @param channel the channel
	 * @param envelope the message
	 */
	record Published(long id, @Nullable String connection, ChannelName channel, Envelope envelope) implements Frame {

	}

	/**
	 * A connection was displaced: {@code K connection generation reason grace-ms}, and
	 * behind the line what its client is given besides the reason.
	 *
	 * @param connection the victim
	 * @param generation what displaced it
	 * @param reason the reason that its client is given, or null ({@code -}) to end the
	 * stream without a word; one that this version does not know is a takeover
	 * @param grace how long after the notice the stream is closed
	 * @param message what its client is given besides, or null
	 */
	record Kick(String connection, long generation, @Nullable CloseReason reason, Duration grace,
			@Nullable String message) implements Frame {

	}

	/**
	 * A connection owns a user from now on, and the store may have forgotten which one it
	 * displaced: {@code D generation connection client user}.
	 *
	 * @param generation its generation
	 * @param connection the connection
	 * @param client its page
	 * @param user the user
	 */
	record Displacement(long generation, String connection, String client, String user) implements Frame {

	}

	/**
	 * Presence names a connection again, after it did not for a while:
	 * {@code B connection last}. It stands in order with the messages: those to the user
	 * that were published before it, and did not arrive, were hidden from the connection.
	 *
	 * @param connection the connection
	 * @param last the last message of its user's channel when the field was written back
	 */
	record Restored(String connection, Predecessor last) implements Frame {

	}

	/**
	 * A stream ended whose user's channel may hold messages that were hidden from it:
	 * {@code H connection from to}.
	 *
	 * @param connection the connection that has the user now
	 * @param from up to here the stream received its user's channel
	 * @param to up to here its client's cursor may have moved
	 */
	record Hidden(String connection, long from, long to) implements Frame {

	}

	/**
	 * A stream ended that a connection of the same client had replaced before, and
	 * verdicts are awaited of messages that were written to it and not acknowledged:
	 * {@code U connection id id…}.
	 *
	 * @param connection the connection that has the user now
	 * @param ids the messages
	 */
	record Unacknowledged(String connection, List<Long> ids) implements Frame {

		/** Says which messages. */
		public Unacknowledged {
			ids = List.copyOf(ids);
		}

	}

	/**
	 * A node's own sign of life: {@code P id nonce}.
	 *
	 * @param id the id it took
	 * @param nonce what the node sent
	 */
	record Probe(long id, String nonce) implements Frame {

	}

	/**
	 * What a client said about its own stream to another node than the one that holds it.
	 */
	sealed interface FromClient extends Frame {

		/**
		 * The connection, which is the client's proof that it may.
		 * @return its id
		 */
		String connection();

		/**
		 * What travels.
		 * @return the frame
		 */
		byte[] encode();

	}

	/**
	 * It ends the stream: {@code C connection}.
	 *
	 * @param connection the connection
	 */
	record Close(String connection) implements FromClient {

		@Override
		public byte[] encode() {
			return line("C " + this.connection);
		}

	}

	/**
	 * It receives the stream: {@code A connection nonce nonce…}, LF, and where it says
	 * what it received {@code cursor id id…}. Earlier versions look at the line alone.
	 *
	 * @param connection the connection
	 * @param nonces of the probes that it received, which may be none
	 * @param cursor everything up to this id was received; {@link MessageId#ZERO},
	 * written {@code 0-0}, where that is not said
	 * @param ids messages above the cursor that were received, which may be none
	 */
	record Acknowledgement(String connection, List<String> nonces, long cursor, List<Long> ids) implements FromClient {

		/** Says which messages were received. */
		public Acknowledgement {
			nonces = List.copyOf(nonces);
			ids = List.copyOf(ids);
		}

		@Override
		public byte[] encode() {
			return line(
					"A " + this.connection
							+ this.nonces.stream().map((nonce) -> " " + nonce).collect(Collectors.joining()),
					received().getBytes(StandardCharsets.US_ASCII));
		}

		private String received() {
			return (this.cursor == MessageId.ZERO && this.ids.isEmpty()) ? "" : MessageId.format(this.cursor)
					+ this.ids.stream().map((id) -> " " + MessageId.format(id)).collect(Collectors.joining());
		}

	}

	/**
	 * A process asks something of the node and waits for its answer:
	 * {@code Q id asker name}, LF, and the body.
	 *
	 * @param id what the answer is distinguished from others by, of the asker's choice
	 * @param asker the process that asks, which names the channel of its answers
	 * @param name what is asked
	 * @param body JSON
	 */
	record Call(String id, String asker, String name, byte[] body) implements Frame {

		public byte[] encode() {
			return line("Q " + this.id + " " + this.asker + " " + this.name, this.body);
		}

	}

	/**
	 * Reads a frame.
	 * @param bytes what came
	 * @return the frame, or null for a kind that this version does not know
	 * @throws IllegalArgumentException if it is malformed
	 */
	static @Nullable Frame decode(byte[] bytes) {
		int end = 0;
		while (end < bytes.length && bytes[end] != '\n') {
			end++;
		}
		if (end == bytes.length || end < 2) {
			throw new IllegalArgumentException("A frame without a head");
		}
		String head = new String(bytes, 0, end, StandardCharsets.UTF_8);
		boolean named = head.length() > 1 && head.charAt(1) == ' ';
		return switch (named ? head.charAt(0) : ' ') {
			case 'M' -> published(head, bytes, end + 1);
			case 'K' -> kick(head, new String(bytes, end + 1, bytes.length - end - 1, StandardCharsets.UTF_8));
			case 'D' -> displacement(head);
			case 'B' -> restored(head);
			case 'H' -> hidden(head);
			case 'U' -> unacknowledged(head);
			case 'P' -> probe(head);
			case 'C' -> new Close(head.substring(2));
			case 'A' ->
				acknowledgement(head, new String(bytes, end + 1, bytes.length - end - 1, StandardCharsets.UTF_8));
			case 'Q' -> call(head, Arrays.copyOfRange(bytes, end + 1, bytes.length));
			default -> null;
		};
	}

	private static Published published(String head, byte[] bytes, int offset) {
		int id = head.indexOf(' ', 2);
		int connection = head.indexOf(' ', id + 1);
		if (id < 0 || connection < 0) {
			throw new IllegalArgumentException("Malformed message frame");
		}
		boolean named = connection - id != 2 || head.charAt(id + 1) != '-';
		return new Published(MessageId.parse(head.substring(2, id)), named ? head.substring(id + 1, connection) : null,
				new ChannelName(head.substring(connection + 1)), Envelope.decode(bytes, offset));
	}

	private static Kick kick(String head, String message) {
		String[] parts = head.split(" ");
		if (parts.length != 5) {
			throw new IllegalArgumentException("Malformed kick frame");
		}
		CloseReason known = CloseReason.find(parts[3]);
		CloseReason reason = (known != null || parts[3].equals("-")) ? known : CloseReason.TAKEOVER;
		return new Kick(parts[1], MessageId.parse(parts[2]), reason, Duration.ofMillis(Long.parseLong(parts[4])),
				message.isEmpty() ? null : message);
	}

	private static Displacement displacement(String head) {
		String[] parts = head.split(" ", 5);
		if (parts.length != 5) {
			throw new IllegalArgumentException("Malformed displacement frame");
		}
		return new Displacement(MessageId.parse(parts[1]), parts[2], parts[3], parts[4]);
	}

	private static Restored restored(String head) {
		String[] parts = head.split(" ", -1);
		if (parts.length != 3 && parts.length != 5) {
			throw new IllegalArgumentException("Malformed frame of a restored field");
		}
		return new Restored(parts[1],
				Predecessor.parse(String.join(" ", Arrays.asList(parts).subList(2, parts.length))));
	}

	private static Hidden hidden(String head) {
		String[] parts = head.split(" ");
		if (parts.length != 4) {
			throw new IllegalArgumentException("Malformed frame of a hidden stretch");
		}
		return new Hidden(parts[1], MessageId.parse(parts[2]), MessageId.parse(parts[3]));
	}

	private static Unacknowledged unacknowledged(String head) {
		List<String> parts = List.of(head.split(" ", -1));
		if (parts.size() < 3) {
			throw new IllegalArgumentException("Malformed frame of unacknowledged messages");
		}
		return new Unacknowledged(parts.get(1), parts.subList(2, parts.size()).stream().map(MessageId::parse).toList());
	}

	/**
	 * Encodes a frame.
	 * @param head its line, without the LF at its end
	 * @param body what follows the line
	 * @return the frame
	 */
	static byte[] line(String head, byte... body) {
		byte[] line = (head + "\n").getBytes(StandardCharsets.UTF_8);
		byte[] frame = Arrays.copyOf(line, line.length + body.length);
		System.arraycopy(body, 0, frame, line.length, body.length);
		return frame;
	}

	private static Acknowledgement acknowledgement(String head, String received) {
		List<String> parts = List.of(head.split(" "));
		if (parts.size() < 2 || parts.contains("")) {
			throw new IllegalArgumentException("Malformed acknowledgement frame");
		}
		List<Long> ids = received.isEmpty() ? List.of(MessageId.ZERO)
				: Arrays.stream(received.split(" ", -1)).map(MessageId::parse).toList();
		return new Acknowledgement(parts.get(1), parts.subList(2, parts.size()), ids.getFirst(),
				ids.subList(1, ids.size()));
	}

	private static Call call(String head, byte[] body) {
		String[] parts = head.split(" ");
		if (parts.length != 4) {
			throw new IllegalArgumentException("Malformed call frame");
		}
		return new Call(parts[1], parts[2], parts[3], body);
	}

	private static Probe probe(String head) {
		int id = head.indexOf(' ', 2);
		if (id < 0) {
			throw new IllegalArgumentException("Malformed probe frame");
		}
		return new Probe(MessageId.parse(head.substring(2, id)), head.substring(id + 1));
	}

}
