package io.fanfare.doctor.probe;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

import io.fanfare.doctor.observation.StreamEnd;
import io.fanfare.doctor.observation.StreamSeen;
import io.fanfare.doctor.observation.StreamSeen.Arrival;
import io.fanfare.doctor.observation.StreamSeen.Hello;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Opens one stream and notes what comes when. {@link #run} blocks until the stream ends;
 * another thread may look at any time, and give up.
 */
final class StreamProbe implements Runnable {

	private static final int PIECE = 8 * 1024;

	/** No problem document of a node is longer. */
	private static final int MAX_PROBLEM = 16 * 1024;

	/** The script has 30. */
	private static final int MAX_BLOCKS = 200;

	private static final JsonMapper json = JsonMapper.shared();

	private final HttpClient client;

	private final HttpRequest request;

	private final String nonce;

	private final boolean untilHello;

	private final Timeline timeline;

	/** Guarded, as all that follows, by this. */
	private long requested;

	private @Nullable HttpResponse<?> head;

	private @Nullable Long opened;

	private @Nullable String problem;

	private @Nullable Long retry;

	private @Nullable Hello hello;

	private final List<Arrival> blocks = new ArrayList<>();

	private @Nullable StreamEnd end;

	private long ended;

	private @Nullable String error;

	/**
	 * Makes a probe that has not begun.
	 * @param client sends the request
	 * @param request what is asked
	 * @param nonce the nonce of the request
	 * @param untilHello whether the first block is all that is of interest
	 * @param timeline the time
	 */
	StreamProbe(HttpClient client, HttpRequest request, String nonce, boolean untilHello, Timeline timeline) {
		this.client = client;
		this.request = request;
		this.nonce = nonce;
		this.untilHello = untilHello;
		this.timeline = timeline;
	}

	@Override
	public void run() {
		begin();
		try {
			HttpResponse<InputStream> response = this.client.send(this.request,
					HttpResponse.BodyHandlers.ofInputStream());
			open(response);
			try (InputStream body = response.body()) {
				read(response, body);
			}
			end(StreamEnd.EOF, null);
		}
		catch (IOException ex) {
			end(isOpen() ? Failure.end(ex) : StreamEnd.REFUSED, Failure.reason(ex));
		}
		catch (InterruptedException ex) {
			giveUp();
			Thread.currentThread().interrupt();
		}
	}

	private void read(HttpResponse<?> response, InputStream body) throws IOException {
		String type = header(response.headers(), "Content-Type");
		if (response.statusCode() == 200 && StreamSeen.isEventStream(type)) {
			String coding = header(response.headers(), "Content-Encoding");
			readBlocks(coding.equals("gzip") ? new GZIPInputStream(body) : body);
		}
		else if (type.toLowerCase(Locale.ROOT).startsWith("application/problem+json")) {
			note(body.readNBytes(MAX_PROBLEM));
		}
	}

	private void readBlocks(InputStream body) throws IOException {
		BlockReader reader = new BlockReader(this::note);
		byte[] piece = new byte[PIECE];
		while (!hasEnded()) {
			int length = body.read(piece);
			if (length < 0) {
				break;
			}
			reader.read(piece, length);
			noteRetry(reader.retry());
		}
	}

	private synchronized void begin() {
		this.requested = this.timeline.nowMs();
	}

	private synchronized void open(HttpResponse<?> response) {
		this.head = response;
		this.opened = this.timeline.nowMs();
	}

	/** Whether the head of an answer came. */
	synchronized boolean isOpen() {
		return this.head != null;
	}

	private synchronized boolean hasEnded() {
		return this.end != null;
	}

	private synchronized void noteRetry(@Nullable Long millis) {
		this.retry = millis;
	}

	/** The last part of the type of a problem document. */
	private synchronized void note(byte[] document) {
		try {
			String type = json.readTree(document).path("type").asString("");
			this.problem = type.substring(Math.max(type.lastIndexOf('/'), type.lastIndexOf('#')) + 1);
		}
		catch (JacksonException ignored) {
			// so it is no problem document of a node
		}
	}

	private synchronized void note(BlockReader.Block block) {
		boolean isScript = block.event().startsWith("doctor.");
		if (this.end != null || this.blocks.size() == MAX_BLOCKS || !isScript && !block.event().startsWith("push.")) {
			return;
		}
		JsonNode data = data(block);
		this.blocks.add(new Arrival(block.event(), data.path("n").asInt(0), data.path("at").asLong(0),
				data.path("sent").asLong(0), this.timeline.nowMs()));
		if (block.event().equals("doctor.hello") && this.hello == null) {
			this.hello = hello(data);
			if (this.untilHello) {
				giveUp();
			}
		}
		else if (block.event().equals("doctor.end")) {
			end(data.path("reason").asString("").equals("drain") ? StreamEnd.DRAIN : StreamEnd.END, null);
		}
	}

	private static JsonNode data(BlockReader.Block block) {
		try {
			return json.readTree(block.data());
		}
		catch (JacksonException ex) {
			return json.missingNode();
		}
	}

	/** What is said, or null if it is not what a node says. */
	private static @Nullable Hello hello(JsonNode data) {
		if (!data.path("request").path("protocol").isString()) {
			return null;
		}
		try {
			return json.treeToValue(data, Hello.class);
		}
		catch (JacksonException ex) {
			return null;
		}
	}

	/** Ends it where it is. The request must be interrupted. */
	synchronized void giveUp() {
		end(StreamEnd.TIMEOUT, null);
	}

	/** The first end counts. */
	private synchronized void end(StreamEnd how, @Nullable String reason) {
		if (this.end == null) {
			this.end = how;
			this.ended = this.timeline.nowMs();
			this.error = reason;
		}
	}

	/** What has come; once the stream has ended or was given up. */
	synchronized StreamSeen seen() {
		if (this.end == null) {
			throw new IllegalStateException("The stream has not ended");
		}
		HttpResponse<?> answer = this.head;
		if (answer == null) {
			return new StreamSeen(this.nonce, this.requested, null, null, null, null, null, null, null, null, null,
					List.of(), this.end, this.ended, this.error);
		}
		HttpHeaders headers = answer.headers();
		return new StreamSeen(this.nonce, this.requested, answer.statusCode(), header(headers, "Content-Type"),
				header(headers, "Content-Encoding"), protocol(answer), header(headers, "Access-Control-Allow-Origin"),
				this.problem, this.retry, this.opened, this.hello, List.copyOf(this.blocks), this.end, this.ended,
				this.error);
	}

	private static String protocol(HttpResponse<?> answer) {
		return (answer.version() == HttpClient.Version.HTTP_2) ? "h2" : "http/1.1";
	}

	private static String header(HttpHeaders headers, String name) {
		return headers.firstValue(name).orElse("");
	}

}
