package io.fanfare.bench.peer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

import io.fanfare.bench.load.StreamTarget;
import io.fanfare.bench.process.Programs;
import io.fanfare.bench.publish.Wire;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import org.jspecify.annotations.Nullable;

/** The systems that can be measured. */
public enum Catalog {

	/** A loop of {@code write()} in C. */
	RAW {
		@Override
		public @Nullable String missing(Site site) {
			return program("cc");
		}

		@Override
		public Peer start(Site site) {
			Path program = site.work().resolve("raw");
			ChildProcess.command("cc", "-O2", "-o", program.toString(), site.peers().resolve("raw/raw.c").toString())
				.run(Programs.START)
				.orThrow();
			int port = Ports.free();
			return single(List.of(program.toString(), Integer.toString(port)), site, port, "/events", "/publish");
		}
	},

	/** The product. */
	FANFARE {
		@Override
		public @Nullable String missing(Site site) {
			String node = site.missingJar("push-node");
			return (node != null) ? node : site.missingJar("push-api");
		}

		@Override
		public Peer start(Site site) {
			return new Fanfare(site, 1, List.of());
		}
	},

	/** nginx with nchan. */
	NCHAN {
		@Override
		public @Nullable String missing(Site site) {
			return (module() == null) ? "no ngx_nchan_module.so: apt install libnginx-mod-nchan" : program("nginx");
		}

		@Override
		public Peer start(Site site) {
			int port = Ports.free();
			Path config = site.fill("nchan/nginx.conf", "nchan.conf",
					Map.of("PORT", port, "WORK", site.work(), "MODULE", Objects.requireNonNull(module())));
			return single(List.of(Objects.requireNonNull(Programs.find("nginx")).toString(), "-c", config.toString()),
					site, port, "/events", "/pub");
		}

		private @Nullable Path module() {
			return nginxModule("ngx_nchan_module.so");
		}
	},

	/** Mercure. */
	MERCURE {
		@Override
		public @Nullable String missing(Site site) {
			return program("mercure");
		}

		@Override
		public Peer start(Site site) {
			int port = Ports.free();
			return single(List.of(Objects.requireNonNull(Programs.find("mercure")).toString(), Integer.toString(port)),
					site, port, "/.well-known/mercure?match=https%3A%2F%2Fexample.com%2Fnews", "/pub");
		}
	},

	/** Centrifugo. */
	CENTRIFUGO {
		@Override
		public @Nullable String missing(Site site) {
			return program("centrifugo");
		}

		@Override
		public Peer start(Site site) {
			return new Centrifugo(site);
		}
	},

	/** Pushpin. */
	PUSHPIN {
		@Override
		public @Nullable String missing(Site site) {
			return Stream.of("pushpin", "condure", "zurl")
				.map(Catalog::program)
				.filter(Objects::nonNull)
				.findFirst()
				.orElse(null);
		}

		@Override
		public Peer start(Site site) {
			return new Pushpin(site);
		}
	},

	/** A list of emitters. */
	NAIVE {
		@Override
		public @Nullable String missing(Site site) {
			return null;
		}

		@Override
		public Peer start(Site site) {
			int port = Ports.free();
			Path config = site.peers().resolve("naive/application.properties");
			ChildProcess child = Programs.server(Programs.java(List.of("-XX:+UseG1GC", "-Xmx2g"),
					List.of("naive", "--server.port=" + port, "--spring.config.additional-location=file:" + config)),
					site.log("naive"));
			child.awaitPort(port, Programs.START);
			return new Peer.Single(child, StreamTarget.plain(port, "/events"), plain(port, "/publish"), true);
		}
	};

	/**
	 * Why it cannot be measured here.
	 * @param site where things are
	 * @return the reason, or null if it can
	 */
	public abstract @Nullable String missing(Site site);

	/**
	 * Starts it and waits until it takes streams.
	 * @param site where things are
	 * @return the running system
	 */
	public abstract Peer start(Site site);

	/**
	 * Which version is measured.
	 * @param site where things are
	 * @return what it says of itself, or empty
	 */
	public String version(Site site) {
		return switch (this) {
			case RAW -> Programs.line("cc", "--version");
			case FANFARE -> "";
			case NCHAN -> Programs.line("nginx", "-v") + ", nchan "
					+ Programs.line("dpkg-query", "-W", "-f=${Version}", "libnginx-mod-nchan");
			case MERCURE -> "";
			case CENTRIFUGO -> Programs.line("centrifugo", "version");
			case PUSHPIN -> Programs.line("pushpin", "--version");
			case NAIVE -> "Spring Boot " + org.springframework.boot.SpringBootVersion.getVersion();
		};
	}

	/**
	 * How people call it.
	 * @return its name
	 */
	public String title() {
		return name().toLowerCase(Locale.ROOT);
	}

	static @Nullable Path nginxModule(String name) {
		return Stream.of("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/etc/nginx/modules")
			.map((folder) -> Path.of(folder, name))
			.filter(Files::exists)
			.findFirst()
			.orElse(null);
	}

	private static @Nullable String program(String name) {
		return (Programs.find(name) != null) ? null : "no " + name + " on the PATH";
	}

	private static Wire plain(int port, String path) {
		return new Wire(port, 1,
				(messages) -> Wire.post(path, "Content-Type: text/plain\r\n", messages.getFirst().text()));
	}

	private static Peer single(List<String> command, Site site, int port, String path, String publish) {
		String name = Path.of(command.getFirst()).getFileName().toString();
		ChildProcess child = Programs.server(command, site.log(name));
		child.awaitPort(port, Programs.START);
		return new Peer.Single(child, StreamTarget.plain(port, path), plain(port, publish), false);
	}

}
