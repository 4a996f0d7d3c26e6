package io.fanfare.doctor;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.process.NginxProcess;

/**
 * What may lie between a client and a node in tests, and what the doctor has to say of
 * it.
 */
enum Way {

	/** Nothing. */
	DIRECT(true, List.of(), (node, keeper) -> node),

	/** nginx as it is shipped. */
	SHIPPED_NGINX(true, List.of(), (node, keeper) -> keeper.keep(NginxProcess.start(node, node)).port()),

	/** HAProxy as the guide has it. */
	GOOD_HAPROXY(true, List.of(), (node, keeper) -> haproxy(node, keeper, Map.of())),

	/**
	 * nginx without any of what a stream needs but buffering, which it has by default.
	 */
	NGINX_BUFFERS(true, List.of("buffered"),
			(node, keeper) -> nginx(node, keeper,
					Map.of("proxy_buffering off;", "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;"))),

	/** nginx that gives up after 5 s. */
	NGINX_READ_TIMEOUT(true, List.of("idle-timeout"),
			(node, keeper) -> nginx(node, keeper, Map.of("proxy_read_timeout 75s;", "proxy_read_timeout 5s;"))),

	/** nginx that compresses events. */
	NGINX_GZIP(false, List.of("compressed"),
			(node, keeper) -> nginx(node, keeper,
					Map.of("gzip off;",
							"gzip on; gzip_types text/event-stream; gzip_proxied any; gzip_min_length 0;"))),

	/** nginx that keeps credentials to itself. */
	NGINX_STRIPS_AUTHORIZATION(false, List.of("authorization-lost"),
			(node, keeper) -> nginx(node, keeper, more("proxy_set_header Authorization '';"))),

	/** nginx that keeps cursors to itself. */
	NGINX_STRIPS_LAST_EVENT_ID(true, List.of("last-event-id-lost"),
			(node, keeper) -> nginx(node, keeper, more("proxy_set_header Last-Event-ID '';"))),

	/** nginx with pages of its own for errors. */
	NGINX_ERROR_PAGE(false, List.of("status-replaced"),
			(node, keeper) -> nginx(node, keeper,
					more("proxy_intercept_errors on; error_page 401 403 503 =200 /sorry;"))),

	/** nginx as it speaks to servers by default. */
	NGINX_HTTP_1_0(false, List.of("http-1.0"),
			(node, keeper) -> nginx(node, keeper,
					Map.of("proxy_http_version 1.1;", "", "proxy_set_header Connection '';", ""))),

	/** nginx that sends a path of its own. */
	NGINX_DROPS_QUERY(false, List.of("query-lost"), (node, keeper) -> nginx(node, keeper, more("set $args '';"))),

	/** nginx for GET and POST alone. */
	NGINX_REFUSES_PREFLIGHTS(false, List.of("preflight-refused"),
			(node, keeper) -> nginx(node, keeper, more("if ($request_method = OPTIONS) { return 405; }"))),

	/** nginx that hides who may read an answer. */
	NGINX_HIDES_CORS(false, List.of("cors-refused"),
			(node, keeper) -> nginx(node, keeper, more("proxy_hide_header Access-Control-Allow-Origin;"))),

	/** nginx with a cache, against what the node says. */
	NGINX_CACHES(false, List.of("buffered", "cached"),
			(node, keeper) -> nginx(node, keeper,
					Map.of("proxy_buffering off;",
							"proxy_buffering on; proxy_cache pages; proxy_cache_valid 200 1m;"
									+ " proxy_ignore_headers Cache-Control Expires Vary X-Accel-Buffering;"))),

	/** A page for people instead. */
	MAINTENANCE_PAGE(true, List.of("not-fanfare"),
			(node, keeper) -> nginx(node, keeper,
					more("default_type text/html; return 200 '<h1>We are back soon</h1>';"))),

	/** HAProxy with the time-outs of its examples. */
	HAPROXY_SERVER_TIMEOUT(false, List.of("idle-timeout"),
			(node, keeper) -> haproxy(node, keeper, Map.of("timeout server 75s", "timeout server 10s"))),

	/** HAProxy that passes on bytes, and wants clients to say something. */
	HAPROXY_CLIENT_TIMEOUT(false, List.of("idle-timeout"),
			(node, keeper) -> haproxy(node, keeper,
					Map.of("mode http", "mode tcp", "timeout client 24h", "timeout client 10s"))),

	/** HAProxy that passes no cookies on. */
	HAPROXY_STRIPS_COOKIES(false, List.of("cookie-lost"),
			(node, keeper) -> haproxy(node, keeper, more("http-request del-header Cookie"))),

	/**
	 * HAProxy that compresses events, and holds the end of each back. It heeds
	 * no-transform, so another one drops that.
	 */
	HAPROXY_COMPRESSES(false, List.of("buffered", "compressed"),
			(node, keeper) -> haproxy(node, keeper, Map.of("server node 127.0.0.1:%2$d", """
					compression algo gzip
					compression type text/event-stream
					server inner abns@fanfare-doctor-%1$d
					listen inner
					bind abns@fanfare-doctor-%1$d
					http-response del-header Cache-Control
					server node 127.0.0.1:%2$d
					"""))),

	/** Something that ends answers at an age. */
	CUTS_AT_AN_AGE(true, List.of("age-limit"),
			(node, keeper) -> keeper.keep(new RoughProxy(node, 0, Duration.ofSeconds(12))).port()),

	/** Something that sends on what fills its buffer. */
	BUFFERS_16_KIB(false, List.of("buffered"),
			(node, keeper) -> keeper.keep(new RoughProxy(node, 16 * 1024, Duration.ofHours(1))).port()),

	/** Something that reads answers to their end before it sends them on. */
	BUFFERS_ALL(false, List.of("buffered"),
			(node, keeper) -> keeper.keep(new RoughProxy(node, 1024 * 1024, Duration.ofHours(1))).port()),

	/** Something that takes connections, and answers nothing. */
	ANSWERS_NOTHING(false, List.of("unreachable"), (node, keeper) -> {
		TcpProxy hole = keeper.keep(TcpProxy.to(node));
		hole.blackHole();
		return hole.port();
	});

	/** A page of it asks, and the node allows it to. */
	static final String ORIGIN = "https://app.example";

	private final boolean isShort;

	private final List<String> findings;

	private final Opening opening;

	Way(boolean isShort, List<String> findings, Opening opening) {
		this.isShort = isShort;
		this.findings = findings;
		this.opening = opening;
	}

	/** Opens a way. */
	@FunctionalInterface
	private interface Opening {

		int open(int node, Keeper keeper);

	}

	/** Closes what a way is made of, at the end. */
	@FunctionalInterface
	interface Keeper {

		<T extends AutoCloseable> T keep(T opened);

	}

	/** Whether it is asked in every build. */
	boolean isShort() {
		return this.isShort;
	}

	/** The ids of what is to be found. */
	List<String> findings() {
		return this.findings;
	}

	/**
	 * Opens it.
	 * @param node the port of the node
	 * @param keeper closes it
	 * @return the port for clients
	 */
	int open(int node, Keeper keeper) {
		return this.opening.open(node, keeper);
	}

	private static int nginx(int node, Keeper keeper, Map<String, String> changes) {
		return keeper.keep(ProxyProcess.nginx(node, changes)).port();
	}

	private static int haproxy(int node, Keeper keeper, Map<String, String> changes) {
		return keeper.keep(ProxyProcess.haproxy(node, changes)).port();
	}

	private static Map<String, String> more(String lines) {
		return Map.of("# more", lines);
	}

}
