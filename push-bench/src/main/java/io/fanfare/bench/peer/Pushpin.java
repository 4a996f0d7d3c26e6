package io.fanfare.bench.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;

import com.sun.net.httpserver.HttpServer;
import io.fanfare.bench.load.StreamTarget;
import io.fanfare.bench.process.Programs;
import io.fanfare.bench.publish.Wire;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;

/** Pushpin. The backend that it asks about each stream is here and says "hold". */
final class Pushpin implements Peer {

	private final HttpServer backend;

	private final ChildProcess child;

	private final int port = Ports.free();

	private final int publishPort = Ports.free();

	Pushpin(Site site) {
		try {
			this.backend = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
			this.backend.createContext("/", (exchange) -> {
				exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
				exchange.getResponseHeaders().add("Grip-Hold", "stream");
				exchange.getResponseHeaders().add("Grip-Channel", "all");
				exchange.sendResponseHeaders(200, -1);
				exchange.close();
			});
			this.backend.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
			this.backend.start();
			// Its sockets' names must be short.
			Path work = Files.createTempDirectory("pushpin");
			work.toFile().deleteOnExit();
			Path config = site.fill("pushpin/pushpin.conf", "pushpin.conf",
					Map.of("PORT", this.port, "PUBLISH", this.publishPort, "WORK", work));
			Files.writeString(work.resolve("routes"), "* 127.0.0.1:" + this.backend.getAddress().getPort() + "\n");
			this.child = Programs.server(
					List.of(Objects.requireNonNull(Programs.find("pushpin")).toString(), "--config=" + config),
					site.log("pushpin"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.child.awaitPort(this.port, Programs.START);
		this.child.awaitPort(this.publishPort, Programs.START);
	}

	@Override
	public StreamTarget streams() {
		return StreamTarget.plain(this.port, "/events");
	}

	@Override
	public Wire wire() {
		return new Wire(this.publishPort, 1,
				(messages) -> Wire.post("/publish/", "",
						"{\"items\":[{\"channel\":\"all\",\"formats\":{\"http-stream\":{\"content\":\"data: "
								+ messages.getFirst().text() + "\\n\\n\"}}}]}"));
	}

	@Override
	public List<Long> servers() {
		return this.child.tree();
	}

	@Override
	public void close() {
		this.child.close();
		this.backend.stop(0);
	}

}
