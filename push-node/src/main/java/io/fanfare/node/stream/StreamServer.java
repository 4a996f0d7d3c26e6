package io.fanfare.node.stream;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

import io.fanfare.node.admission.Admission;
import io.fanfare.node.broker.Probe;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.node.cluster.NodeReporter;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.LoopExecutor;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.drain.Drain;
import io.fanfare.node.presence.Reaper;
import io.fanfare.node.ratelimit.AddressLimits;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.NodeStatus.Drained;
import io.fanfare.protocol.guard.Ticker;
import io.netty.channel.epoll.Epoll;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * The life of the stream port. It starts last and stops first: streams must have ended
 * before the web server's graceful shutdown, which would wait for them; meanwhile its
 * health tells that the node drains, and the port still takes what clients say of their
 * streams. Until the JVM is warm the port is not even bound, so a proxy takes another
 * node.
 */
public final class StreamServer implements SmartLifecycle {

	private static final Logger log = LoggerFactory.getLogger(StreamServer.class);

	private static final long GOODBYE_SECONDS = 5;

	private final StreamSettings settings;

	private final RequestHandler.Gate gate;

	private final AddressLimits limits;

	private final Function<LoopExecutor, StreamLoop> makeLoop;

	private final PubSubLink link;

	private final Probe probe;

	private final WarmUp warmUp;

	private final Drain drain;

	private final NodeReporter reporter;

	private final Reaper reaper;

	private final Ticker ticker;

	private @Nullable StreamPort port;

	StreamServer(StreamSettings settings, RequestHandler.Gate gate, AddressLimits limits,
			Function<LoopExecutor, StreamLoop> makeLoop, PubSubLink link, Probe probe, WarmUp warmUp, Drain drain,
			NodeReporter reporter, Reaper reaper, Ticker ticker) {
		this.settings = settings;
		this.gate = gate;
		this.limits = limits;
		this.makeLoop = makeLoop;
		this.link = link;
		this.probe = probe;
		this.warmUp = warmUp;
		this.drain = drain;
		this.reporter = reporter;
		this.reaper = reaper;
		this.ticker = ticker;
	}

	@Override
	public void start() {
		this.warmUp.run();
		StreamPort opened = new StreamPort(this.settings, this.gate.identity().name(), this.makeLoop);
		List<StreamLoop> loops = opened.loops();
		this.gate.connections().use(loops);
		try {
			opened.bind(this.gate);
		}
		catch (RuntimeException ex) {
			opened.stop();
			throw ex;
		}
		log.info("stream=listening port={} loops={} transport={}", opened.port(), loops.size(),
				Epoll.isAvailable() ? "epoll" : "nio");
		loops.forEach(StreamLoop::start);
		this.link.start();
		this.probe.start(this.link);
		this.port = opened;
	}

	@Override
	public void stop() {
		StreamPort opened = this.port;
		if (opened == null) {
			return;
		}
		Admission admission = this.gate.admission();
		Connections connections = this.gate.connections();
		Duration window = this.drain.window();
		long began = this.ticker.nanoTime();
		int open = admission.size();
		log.info("drain=began streams={} ms={}", open, window.toMillis());
		this.gate.doctor().stop();
		await(admission.drain(window), window.toSeconds() + GOODBYE_SECONDS);
		opened.unbind();
		int cut = admission.size();
		await(connections.stop(CloseReason.DRAIN), GOODBYE_SECONDS);
		log.info("stream=closed sent-on={} cut={}", open - cut, cut);
		await(this.limits.tell(), GOODBYE_SECONDS);
		await(this.reaper.leave(), GOODBYE_SECONDS);
		await(this.drain.handOver(), GOODBYE_SECONDS);
		this.drain.ended(new Drained(open - cut, cut, (this.ticker.nanoTime() - began) / 1_000_000));
		this.reporter.reportEnd();
		this.probe.close();
		this.link.close();
		opened.stop();
		this.port = null;
	}

	private static void await(Future<?> done, long seconds) {
		try {
			done.get(seconds, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException ex) {
			log.warn("drain=unfinished reason=\"{}\"", ex.toString());
		}
	}

	@Override
	public boolean isRunning() {
		return this.port != null;
	}

	@Override
	public int getPhase() {
		return DEFAULT_PHASE;
	}

	/**
	 * The port it listens on.
	 * @return the port, -1 while it does not
	 */
	public int port() {
		StreamPort opened = this.port;
		return (opened != null) ? opened.port() : -1;
	}

}
