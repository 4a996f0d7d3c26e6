package io.fanfare.node.stream;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

import io.fanfare.node.broker.Probe;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.LoopExecutor;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.protocol.CloseReason;
import io.netty.channel.epoll.Epoll;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * The life of the stream port. It starts last and stops first: streams must have ended
 * before the web server's graceful shutdown, which would wait for them. Until the JVM is
 * warm the port is not even bound, so a proxy takes another node.
 */
public final class StreamServer implements SmartLifecycle {

	private static final Logger log = LoggerFactory.getLogger(StreamServer.class);

	private static final long GOODBYE_SECONDS = 5;

	private final StreamSettings settings;

	private final RequestHandler.Gate gate;

	private final Function<LoopExecutor, StreamLoop> makeLoop;

	private final PubSubLink link;

	private final Probe probe;

	private final WarmUp warmUp;

	private @Nullable StreamPort port;

	StreamServer(StreamSettings settings, RequestHandler.Gate gate, Function<LoopExecutor, StreamLoop> makeLoop,
			PubSubLink link, Probe probe, WarmUp warmUp) {
		this.settings = settings;
		this.gate = gate;
		this.makeLoop = makeLoop;
		this.link = link;
		this.probe = probe;
		this.warmUp = warmUp;
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
		this.port = null;
		if (opened == null) {
			return;
		}
		Connections connections = this.gate.connections();
		connections.refuse(CloseReason.DRAINING);
		int open = connections.size();
		opened.unbind();
		try {
			connections.stop(CloseReason.DRAIN).get(GOODBYE_SECONDS, TimeUnit.SECONDS);
			log.info("stream=closed sent-on={}", open);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException ex) {
			log.warn("stream=closed sent-on={} left={}", open, connections.size());
		}
		this.probe.close();
		this.link.close();
		opened.stop();
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
