package io.fanfare.faults.traffic;

import java.io.UncheckedIOException;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.fanfare.protocol.MessageId;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseRequest;
import io.fanfare.test.sse.SseStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A page with a native EventSource: opens a stream, comes back with its cursor after the
 * {@code retry} that it was told, stops for good where the standard says so, and writes
 * everything down. Methods may be called from any thread.
 */
public final class StreamClient implements AutoCloseable {

	private static final JsonMapper JSON = JsonMapper.shared();

	private final String user;

	private final List<String> topics;

	private final String client = UUID.randomUUID().toString();

	private final Supplier<SseRequest> door;

	private final String prefix;

	private final CountDownLatch closed = new CountDownLatch(1);

	private final Object monitor = new Object();

	// ---- guarded by the monitor

	private final List<Entry> journal = new ArrayList<>();

	private @Nullable SseStream open;

	private @Nullable String connection;

	private long longestQuietNanos;

	private int streams;

	private boolean stopped;

	/** Whether it comes back by itself. */
	private volatile boolean returning = true;

	/**
	 * Opens a page.
	 * @param user whose it is
	 * @param topics which topics it asks for
	 * @param scenario marks the messages that count
	 * @param door makes a request for a stream of this user, without cursor
	 */
	public StreamClient(String user, List<String> topics, String scenario, Supplier<SseRequest> door) {
		this.user = user;
		this.topics = List.copyOf(topics);
		this.prefix = scenario + " ";
		this.door = door;
		Thread.ofVirtual().name("page-" + user).start(this::live);
	}

	private void live() {
		String cursor = "";
		Duration retry = Duration.ofSeconds(1);
		while (this.closed.getCount() > 0) {
			Stream stream = new Stream(cursor, retry);
			try {
				SseRequest request = this.door.get().query("client", this.client);
				this.topics.forEach((topic) -> request.query("channel", topic));
				if (!cursor.isEmpty()) {
					request.lastEventId(cursor);
				}
				stream.run(request);
			}
			catch (UncheckedIOException ex) {
				stream.note(new Entry.Ended(System.nanoTime(), stream.number, "unreachable"));
			}
			cursor = stream.cursor;
			retry = stream.retry;
			if (stream.last || !this.returning) {
				break;
			}
			pause(retry);
		}
		synchronized (this.monitor) {
			this.stopped = true;
		}
	}

	private void pause(Duration time) {
		try {
			this.closed.await(time.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			this.closed.countDown();
		}
	}

	/**
	 * Whose it is.
	 * @return the user
	 */
	public String user() {
		return this.user;
	}

	/**
	 * What it wrote down so far.
	 * @return the notes
	 */
	public Notes notes() {
		List<String> channels = new ArrayList<>(this.topics);
		channels.add("user:" + this.user);
		channels.add("all");
		synchronized (this.monitor) {
			return new Notes(this.client, this.user, channels, isLive(), Duration.ofNanos(this.longestQuietNanos),
					this.journal);
		}
	}

	/**
	 * Whether it heard a message.
	 * @param number the message's number
	 * @return whether it did
	 */
	public boolean hasHeard(int number) {
		synchronized (this.monitor) {
			// Asked for the newest: from the end.
			return this.journal.reversed()
				.stream()
				.anyMatch((entry) -> entry instanceof Entry.Heard heard && heard.number() == number);
		}
	}

	/**
	 * Whether it has a stream now.
	 * @return whether one is admitted and has not ended
	 */
	public boolean isLive() {
		return connection() != null;
	}

	/**
	 * The stream it has now.
	 * @return its connection id, or null
	 */
	public @Nullable String connection() {
		synchronized (this.monitor) {
			return this.connection;
		}
	}

	/**
	 * Whether it has stopped for good, as a page that was taken over.
	 * @return whether it will open no more streams
	 */
	public boolean isStopped() {
		synchronized (this.monitor) {
			return this.stopped;
		}
	}

	/** Loses its connection, as on a mobile network, and comes back. */
	public void cut() {
		SseStream stream = current();
		if (stream != null) {
			stream.abort();
		}
	}

	/** Stops reading. */
	public void stall() {
		SseStream stream = current();
		if (stream != null) {
			stream.pause();
		}
	}

	/** Reads on. */
	public void readOn() {
		SseStream stream = current();
		if (stream != null) {
			stream.resume();
		}
	}

	/** Does not come back once its stream has ended. */
	public void forsake() {
		this.returning = false;
	}

	@Override
	public void close() {
		this.closed.countDown();
		SseStream stream = current();
		if (stream != null) {
			stream.close();
		}
	}

	private @Nullable SseStream current() {
		synchronized (this.monitor) {
			return this.open;
		}
	}

	/** One stream. */
	private final class Stream implements SseStream.Listener {

		private final int number;

		private final CountDownLatch ended = new CountDownLatch(1);

		private volatile String cursor;

		private volatile Duration retry;

		private volatile boolean last;

		private String lastWords = "";

		private long lastSign;

		Stream(String cursor, Duration retry) {
			this.cursor = cursor;
			this.retry = retry;
			synchronized (StreamClient.this.monitor) {
				this.number = StreamClient.this.streams++;
			}
		}

		void run(SseRequest request) {
			try (SseStream stream = request.open(this)) {
				synchronized (StreamClient.this.monitor) {
					StreamClient.this.open = stream;
				}
				if (StreamClient.this.closed.getCount() == 0) {
					return;
				}
				this.ended.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			finally {
				synchronized (StreamClient.this.monitor) {
					StreamClient.this.open = null;
					StreamClient.this.connection = null;
				}
			}
		}

		@Override
		public void head(int status, HttpHeaders headers) {
			this.lastSign = System.nanoTime();
			if (status != 200) {
				// The standard: any other status fails the connection, for good.
				this.lastWords = "status " + status;
				this.last = true;
			}
		}

		@Override
		public void comment(String comment) {
			sign();
		}

		@Override
		public void block(SseBlock block) {
			long now = sign();
			if (block.retry() != null) {
				this.retry = block.retry();
			}
			if (block.id() != null) {
				this.cursor = block.id();
			}
			String data = block.data();
			if (data == null || block.id() == null) {
				return;
			}
			switch (block.type()) {
				case "push.connected" -> connected(now, MessageId.parse(block.id()), JSON.readTree(data));
				case "push.gap" -> gap(now, JSON.readTree(data));
				case "push.kicked", "push.goaway", "push.busy" ->
					this.lastWords = block.type() + " " + JSON.readTree(data).required("reason").asString();
				case "message" -> message(now, MessageId.parse(block.id()), data);
				default -> {
					// not of interest here
				}
			}
		}

		private void connected(long now, long from, JsonNode data) {
			String connection = data.required("connection").asString();
			note(new Entry.Connected(now, this.number, connection, data.required("node").asString(), from));
			synchronized (StreamClient.this.monitor) {
				StreamClient.this.connection = connection;
			}
		}

		private void gap(long now, JsonNode data) {
			for (JsonNode channel : data.required("channels")) {
				note(new Entry.Announced(now, this.number, channel.asString(),
						MessageId.parse(data.required("from").asString()),
						MessageId.parse(data.required("to").asString()), data.required("reason").asString()));
			}
		}

		/** A message that did not come whole counts as one that did not come. */
		private void message(long now, long id, String data) {
			Text text = Text.read(StreamClient.this.prefix, data);
			if (text != null && text.isWhole()) {
				note(new Entry.Heard(now, this.number, id, text.number()));
			}
		}

		private long sign() {
			long now = System.nanoTime();
			synchronized (StreamClient.this.monitor) {
				StreamClient.this.longestQuietNanos = Math.max(StreamClient.this.longestQuietNanos,
						now - this.lastSign);
			}
			this.lastSign = now;
			return now;
		}

		@Override
		public void end(End how, @Nullable Exception cause) {
			note(new Entry.Ended(sign(), this.number, this.lastWords.isEmpty() ? how.toString() : this.lastWords));
			this.ended.countDown();
		}

		@Override
		public void disconnected() {
			this.ended.countDown();
		}

		void note(Entry entry) {
			synchronized (StreamClient.this.monitor) {
				if (entry instanceof Entry.Ended) {
					StreamClient.this.connection = null;
				}
				StreamClient.this.journal.add(entry);
			}
		}

	}

}
