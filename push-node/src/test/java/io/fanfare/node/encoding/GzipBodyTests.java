package io.fanfare.node.encoding;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What compressed streams get is read by the JDK's own decoders. */
class GzipBodyTests {

	private static final int THRESHOLD = 1024;

	private static final UnpooledByteBufAllocator HEAP = new UnpooledByteBufAllocator(false);

	private final Owed account = new Owed(1 << 20);

	private final SharedChunk shared = new SharedChunk(this.account);

	private long lastId;

	@AfterEach
	void close() {
		this.shared.close();
	}

	private Message message(String data) {
		return Message.render(++this.lastId, ChannelName.ALL,
				new Envelope("message", data.getBytes(StandardCharsets.UTF_8), 0, 0, false, null));
	}

	private Backlog owed(Message... messages) {
		Backlog owed = this.account.nothing();
		for (Message each : messages) {
			owed = this.account.append(owed, each);
		}
		return owed;
	}

	private static String json(int size) {
		StringBuilder json = new StringBuilder("[");
		while (json.length() < size) {
			json.append("{\"symbol\":\"FAN").append(json.length() % 97).append("\",\"price\":1.25},");
		}
		return json.toString();
	}

	/** Text that does not get smaller: any characters of one byte but line ends. */
	private static String noise(Random random, int size) {
		StringBuilder noise = new StringBuilder(size);
		random.ints(size, 0, 128).map((c) -> (c == '\n' || c == '\r') ? 0 : c).forEach((c) -> noise.append((char) c));
		return noise.toString();
	}

	/** Takes the one chunk that was framed off its frame. */
	private static byte[] unframed(ByteBuf chunk) {
		String text = chunk.toString(StandardCharsets.ISO_8859_1);
		chunk.release();
		int head = text.indexOf("\r\n");
		int size = Integer.parseInt(text, 0, head, 16);
		assertThat(text).endsWith("\r\n").hasSize(head + 2 + size + 2);
		return text.substring(head + 2, head + 2 + size).getBytes(StandardCharsets.ISO_8859_1);
	}

	/** One stream as its client decodes it: at once, with each piece that comes. */
	private static final class Client {

		private final GzipBody body = new GzipBody(THRESHOLD);

		private final ByteArrayOutputStream wire = new ByteArrayOutputStream();

		private final ByteArrayOutputStream expected = new ByteArrayOutputStream();

		private final ByteArrayOutputStream decoded = new ByteArrayOutputStream();

		private final Inflater inflater = new Inflater(true);

		int begin(byte[] block) throws Exception {
			this.expected.write(block);
			byte[] bytes = unframed(this.body.begin(HEAP, block));
			this.wire.write(bytes);
			return read(bytes, 10);
		}

		int get(byte[] block) throws Exception {
			this.expected.write(block);
			byte[] bytes = unframed(this.body.append(HEAP, block));
			this.wire.write(bytes);
			return read(bytes, 0);
		}

		int get(SharedChunk chunk, Backlog owed) throws Exception {
			for (Message message : owed.messages()) {
				this.expected.write(message.block());
			}
			byte[] bytes = unframed(this.body.append(chunk.of(owed)));
			this.wire.write(bytes);
			return read(bytes, 0);
		}

		void end(byte[] block) throws Exception {
			if (block != null) {
				this.expected.write(block);
			}
			byte[] bytes = unframed(this.body.end(HEAP, block));
			this.wire.write(bytes);
			read(bytes, 0);
			assertThat(this.inflater.finished()).isTrue();
			assertThat(this.inflater.getRemaining()).isEqualTo(8);
			CRC32 crc = new CRC32();
			crc.update(this.expected.toByteArray());
			byte[] trailer = Arrays.copyOfRange(bytes, bytes.length - 8, bytes.length);
			assertThat(little(trailer, 0)).isEqualTo((int) crc.getValue());
			assertThat(little(trailer, 4)).isEqualTo(this.expected.size());
			this.inflater.end();
		}

		private int read(byte[] bytes, int from) throws DataFormatException {
			this.inflater.setInput(bytes, from, bytes.length - from);
			byte[] buffer = new byte[4096];
			for (int read = this.inflater.inflate(buffer); read > 0; read = this.inflater.inflate(buffer)) {
				this.decoded.write(buffer, 0, read);
			}
			assertThat(this.decoded.toByteArray()).as("all that came so far").isEqualTo(this.expected.toByteArray());
			return bytes.length;
		}

		private static int little(byte[] bytes, int at) {
			return (bytes[at] & 0xff) | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16
					| bytes[at + 3] << 24;
		}

		/** Reads all of it once more, in the JDK's way, which checks the trailer. */
		void assertWhole() throws IOException {
			InputStream in = new GZIPInputStream(new ByteArrayInputStream(this.wire.toByteArray()));
			assertThat(in.readAllBytes()).isEqualTo(this.expected.toByteArray());
		}

	}

	@Test
	void whatIsLongIsCompressedAndWhatIsShortIsNot() throws Exception {
		Client client = new Client();
		assertThat(client.begin(new byte[] { ':', '\n' })).isEqualTo(10 + 5 + 2);
		assertThat(client.get(Blocks.HEARTBEAT)).isEqualTo(7);
		Message small = message("x".repeat(900));
		assertThat(client.get(this.shared, owed(small))).isEqualTo(5 + small.block().length);
		assertThat(client.get(this.shared, owed(message(json(4096))))).isLessThan(1024);
		assertThat(client.get(this.shared, owed(message("x".repeat(4096)), small, message(json(4096)))))
			.isLessThan(2048);
		client.end(null);
		client.assertWhole();
	}

	@Test
	void theThresholdIsThatOfTheBlock() {
		Message at = message("x".repeat(THRESHOLD - "id: 0-1\ndata: \n\n".length()));
		Message above = message("x".repeat(THRESHOLD - "id: 0-1\ndata: \n\n".length() + 1));
		assertThat(at.block()).hasSize(THRESHOLD);
		this.shared.of(owed(at, above)).gzip(THRESHOLD);
		assertThat(at.deflated()).isNull();
		assertThat(above.deflated()).isNotNull().hasSizeLessThan(100);
	}

	@Test
	void aMessageIsCompressedOnceForAllLoopsAndBacklogs() {
		Message message = message(json(4096));
		this.shared.of(owed(message)).gzip(THRESHOLD);
		byte[] deflated = message.deflated();
		this.shared.of(owed(message("other"), message)).gzip(THRESHOLD);
		SharedChunk other = new SharedChunk(this.account);
		other.of(owed(message)).gzip(THRESHOLD);
		assertThat(message.deflated()).isSameAs(deflated);
		other.close();
	}

	@Test
	void plainStreamsCompressNothing() {
		Message message = message(json(4096));
		this.shared.of(owed(message)).plain().release();
		assertThat(message.deflated()).isNull();
	}

	@Test
	void neighboursShareTheBytesOfEachCoding() {
		Backlog owed = owed(message(json(4096)));
		GzipPart part = this.shared.of(owed).gzip(THRESHOLD);
		ByteBuf plain = this.shared.of(owed).plain();
		assertThat(this.shared.of(owed).gzip(THRESHOLD)).isSameAs(part);
		ByteBuf again = this.shared.of(owed).plain();
		plain.setByte(0, '!');
		assertThat(again.getByte(0)).as("seen through the other one").isEqualTo((byte) '!');
		assertThat(plain.release()).isFalse();
		assertThat(again.release()).isFalse();
		this.shared.of(owed(message("another")));
		assertThat(part.chunk().refCnt()).isZero();
		assertThat(plain.refCnt()).isZero();
	}

	@Test
	void whatDoesNotGetSmallerTravelsAsItIs() throws Exception {
		Message noise = message(noise(new Random(3), 200_000));
		Message random = Message.render(++this.lastId, ChannelName.ALL,
				new Envelope("message", bytes(new Random(4), 150_000), 0, 0, false, null));
		Client client = new Client();
		client.begin(Blocks.HEARTBEAT);
		int size = client.get(this.shared, owed(random));
		assertThat(size).isEqualTo(GzipPart.storedSize(random.block().length));
		client.get(this.shared, owed(noise, random));
		client.end(Blocks.HEARTBEAT);
		client.assertWhole();
	}

	private static byte[] bytes(Random random, int size) {
		byte[] bytes = new byte[size];
		random.nextBytes(bytes);
		for (int i = 0; i < size; i++) {
			bytes[i] = (bytes[i] == '\n' || bytes[i] == '\r') ? 0 : bytes[i];
		}
		return bytes;
	}

	@Test
	void oneWriteCompressesSoMuchAndNotMore() throws Exception {
		Message[] messages = new Message[20];
		Arrays.setAll(messages, (i) -> message(json(60_000)));
		Client client = new Client();
		client.begin(Blocks.HEARTBEAT);
		client.get(this.shared, owed(messages));
		assertThat(Arrays.stream(messages).filter((each) -> each.deflated() != null)).hasSize(5);
		client.end(null);
		client.assertWhole();
	}

	@Test
	void aStreamWithNothingInItIsWhole() throws Exception {
		Client client = new Client();
		client.begin(new byte[0]);
		client.end(null);
		client.assertWhole();
	}

	@Test
	void manyStreamsInAnyInterleavingDecodeWhatWasWrittenToEach() throws Exception {
		long seed = System.nanoTime();
		Random random = new Random(seed);
		List<Client> clients = new ArrayList<>();
		List<Backlog> owed = new ArrayList<>();
		for (int i = 0; i < 8; i++) {
			clients.add(new Client());
			owed.add(this.account.nothing());
			clients.get(i).begin(noise(random, random.nextInt(200)).getBytes(StandardCharsets.US_ASCII));
		}
		try {
			for (int round = 0; round < 400; round++) {
				int size = random.nextInt(switch (random.nextInt(10)) {
					case 0 -> 100_000;
					case 1, 2, 3 -> 8_000;
					default -> 300;
				});
				Message message = message(random.nextBoolean() ? json(size) : noise(random, size));
				for (int i = 0; i < clients.size(); i++) {
					if (random.nextInt(10) < 8) {
						owed.set(i, this.account.append(owed.get(i), message));
					}
				}
				for (int i = 0; i < clients.size(); i++) {
					if (random.nextInt(4) == 0 && !owed.get(i).isEmpty()) {
						clients.get(i).get(this.shared, owed.get(i));
						owed.set(i, this.account.nothing());
					}
					else if (random.nextInt(20) == 0) {
						clients.get(i).get(random.nextBoolean() ? Blocks.HEARTBEAT : new byte[random.nextInt(70_000)]);
					}
				}
				if (random.nextInt(5) == 0) {
					this.shared.drop();
				}
			}
			for (Client client : clients) {
				client.end(random.nextBoolean() ? null
						: "event: push.goaway\ndata: {}\n\n".getBytes(StandardCharsets.UTF_8));
				client.assertWhole();
			}
		}
		catch (AssertionError | Exception ex) {
			throw new AssertionError("seed " + seed, ex);
		}
	}

}
