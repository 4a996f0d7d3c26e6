package io.fanfare.faults.traffic;

import java.io.UncheckedIOException;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseRequest;
import io.fanfare.test.sse.SseStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A client whose user loses the right to a stream, and which does not accept it: it tries
 * again after every end, under its own client id and others, with its cursor and without
 * one. Methods may be called from any thread.
 */
final class Outcast implements AutoCloseable {

	private static final JsonMapper JSON = JsonMapper.shared();

	/** From the end of a stream to the next attempt. */
	private static final Duration RETRY = Duration.ofMillis(400);

	private static final String CLIENT = "outcast";

	private final String user;

	private final Supplier<SseRequest> door;

	private final CountDownLatch closed = new CountDownLatch(1);

	private final Object monitor = new Object();

	// ---- guarded by the monitor

	private final List<Attempt> attempts = new ArrayList<>();

	private @Nullable SseStream open;

	private boolean revoked;

	private long answeredAt;

	private boolean everywhere;

	/**
	 * Opens the client.
	 * @param user the user
	 * @param door makes a request for a stream of this user, without client and cursor
	 */
	Outcast(String user, Supplier<SseRequest> door) {
		this.user = user;
		this.door = door;
		Thread.ofVirtual().name("outcast-" + user).start(this::live);
	}

	private void live() {
		String cursor = "";
		try {
			do {
				Attempt attempt = begin(cursor);
				try (SseStream stream = request(cursor).open(attempt)) {
					synchronized (this.monitor) {
						this.open = stream;
					}
					if (this.closed.getCount() > 0) {
						attempt.ended.await();
					}
				}
				catch (UncheckedIOException ex) {
					// No process is there: the next attempt may find one.
				}
				synchronized (this.monitor) {
					this.open = null;
					attempt.live = false;
					cursor = attempt.cursor;
				}
			}
			while (!this.closed.await(RETRY.toMillis(), TimeUnit.MILLISECONDS));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private Attempt begin(String cursor) {
		synchronized (this.monitor) {
			Attempt attempt = new Attempt(System.nanoTime(), cursor);
			this.attempts.add(attempt);
			return attempt;
		}
	}

	/** As any client does; after the revocation by turns in every other way. */
	private SseRequest request(String cursor) {
		int turn;
		synchronized (this.monitor) {
			turn = this.revoked ? this.attempts.size() % 5 : 0;
		}
		SseRequest request = this.door.get();
		if (turn < 2) {
			request.query("client", CLIENT);
		}
		else if (turn < 4) {
			request.query("client", CLIENT + "-" + System.nanoTime());
		}
		if (turn == 0 && !cursor.isEmpty()) {
			request.lastEventId(cursor);
		}
		return (turn == 3) ? request.query("strict", "1") : request;
	}

	String user() {
		return this.user;
	}

	/**
	 * The API answered that the right is taken away.
	 * @param unanswered whether it named nodes that did not answer
	 */
	void revoked(boolean unanswered) {
		synchronized (this.monitor) {
			this.answeredAt = System.nanoTime();
			this.everywhere = !unanswered;
			this.revoked = true;
		}
	}

	boolean isRevoked() {
		synchronized (this.monitor) {
			return this.revoked;
		}
	}

	boolean isLive() {
		return node() != null;
	}

	/** The name of the node that holds its stream now. */
	@Nullable String node() {
		synchronized (this.monitor) {
			Attempt last = this.attempts.isEmpty() ? null : this.attempts.getLast();
			return (last != null && last.live) ? last.node : null;
		}
	}

	/** Whether it has no stream, and asked for one since a time and was refused it. */
	boolean isRefusedSince(long time) {
		synchronized (this.monitor) {
			return this.attempts.stream().noneMatch((attempt) -> attempt.live)
					&& this.attempts.stream().anyMatch((attempt) -> attempt.refused && attempt.askedAt - time > 0);
		}
	}

	/** What it received; the user must be revoked. */
	RevokedUser result() {
		synchronized (this.monitor) {
			return new RevokedUser(this.user, this.answeredAt, this.everywhere, this.attempts.stream()
				.map((attempt) -> new RevokedUser.Attempt(attempt.askedAt, attempt.admitted, attempt.lastMessageAt))
				.toList());
		}
	}

	@Override
	public void close() {
		this.closed.countDown();
		SseStream stream;
		synchronized (this.monitor) {
			stream = this.open;
		}
		if (stream != null) {
			stream.close();
		}
	}

	/** One stream, or a refusal. Its fields are guarded by the monitor. */
	private final class Attempt implements SseStream.Listener {

		private final long askedAt;

		private final CountDownLatch ended = new CountDownLatch(1);

		private String cursor;

		private String node = "";

		private boolean live;

		private boolean admitted;

		private boolean refused;

		private @Nullable Long lastMessageAt;

		Attempt(long askedAt, String cursor) {
			this.askedAt = askedAt;
			this.cursor = cursor;
		}

		@Override
		public void head(int status, HttpHeaders headers) {
			synchronized (Outcast.this.monitor) {
				this.refused |= status == 401 || status == 204;
			}
		}

		@Override
		public void comment(String comment) {
			// A heartbeat is no message.
		}

		@Override
		public void block(SseBlock block) {
			long now = System.nanoTime();
			String data = block.data();
			synchronized (Outcast.this.monitor) {
				if (block.id() != null) {
					this.cursor = block.id();
				}
				if (data == null) {
					return;
				}
				switch (block.type()) {
					case "push.connected" -> {
						this.admitted = true;
						this.live = true;
						this.node = JSON.readTree(data).required("node").asString();
					}
					case "push.kicked" -> {
						JsonNode kicked = JSON.readTree(data);
						this.refused |= kicked.required("reason").asString().equals("revoked");
					}
					case "message" -> this.lastMessageAt = now;
					default -> {
						// of no interest
					}
				}
			}
		}

		@Override
		public void end(End how, @Nullable Exception cause) {
			synchronized (Outcast.this.monitor) {
				this.live = false;
			}
			this.ended.countDown();
		}

		@Override
		public void disconnected() {
			this.ended.countDown();
		}

	}

}
