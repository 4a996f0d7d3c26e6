export default {
	"unreachable": {
		"severity": "problem",
		"title": "Nothing answers at this address",
		"why": "The connection is refused, ends in an error of TLS or DNS, or brings no answer. Check the name, the port, the certificate and the firewalls on the way.",
		"nginx": null,
		"haproxy": null,
		"caddy": null
	},
	"unavailable": {
		"severity": "problem",
		"title": "A proxy answers in place of the nodes",
		"why": "No node could be reached from the proxy, or none admitted the request (502, 503, 504, or a stream with nothing but `retry`). Clients come back again and again until one does.",
		"nginx": "upstream streams {\n    server node-1:8081 max_fails=10 fail_timeout=2s;\n    server node-2:8081 max_fails=10 fail_timeout=2s;\n}",
		"haproxy": "backend nodes\n    option httpchk GET /actuator/health/readiness\n    server node-1 node-1:8081 check port 9081\n    server node-2 node-2:8081 check port 9081",
		"caddy": "reverse_proxy /events* node-1:8081 node-2:8081"
	},
	"not-fanfare": {
		"severity": "problem",
		"title": "What answers at this address is no node",
		"why": "The answer is no event stream, or one that does not begin as the doctor's stream does. The path leads to another server, or a proxy answers by itself, such as with a login page. A native EventSource gives up for good on it.",
		"nginx": "# With /events/ack and /events/ticket:\nlocation ~ ^/events(/|$) {\n    proxy_pass http://streams;\n}",
		"haproxy": "use_backend nodes if { path -m str /events } or { path -m beg /events/ }",
		"caddy": "reverse_proxy /events* node-1:8081"
	},
	"query-lost": {
		"severity": "problem",
		"title": "The query of the address does not reach the node",
		"why": "The node asked for a token although `doctor=1` was asked for, or did not see all of the query. Topics, cursors and tickets of clients are lost in the same way. A node that is older than the doctor answers like this as well.",
		"nginx": "# Without a path, which would be that of /events/ack as well, and with variables drops the query:\nproxy_pass http://streams;",
		"haproxy": "# Instead of http-request set-uri, which drops the query; such as for /push/events and /push/events/ack:\nhttp-request replace-path ^/push/(.*) /\\1",
		"caddy": "# Instead of rewrite with a path and no query; such as for /push/events and /push/events/ack:\nuri strip_prefix /push"
	},
	"status-replaced": {
		"severity": "problem",
		"title": "A proxy replaces the node's answers to errors",
		"why": "The client learns what to do from the status and the problem document: get a fresh token (401), or come back later (503). A page of the proxy in its place makes it give up, or try again without end.",
		"nginx": "proxy_intercept_errors off;",
		"haproxy": "# No http-response set-status, http-response return or http-error for this backend, or only elsewhere:\nhttp-request set-var(txn.path) path\nhttp-response set-status 502 if { status 503 } !{ var(txn.path) -m beg /events }",
		"caddy": "# Without handle_response and replace_status:\nreverse_proxy /events* node-1:8081"
	},
	"http-1.0": {
		"severity": "problem",
		"title": "The proxy speaks HTTP/1.0 to the node",
		"why": "Nodes answer HTTP/1.0 with 505: a stream needs chunked transfer. It is what nginx speaks to servers unless it is told otherwise.",
		"nginx": "proxy_http_version 1.1;\nproxy_set_header Connection \"\";",
		"haproxy": "server node-1 node-1:8081 proto h1",
		"caddy": "reverse_proxy /events* node-1:8081 {\n    transport http {\n        versions 1.1\n    }\n}"
	},
	"http-1.1": {
		"severity": "note",
		"title": "Clients are answered by HTTP/1.1",
		"why": "Browsers open six connections per origin by HTTP/1.1, for all tabs together: six streams, and the page's own requests hang. One client library shares a stream among tabs, HTTP/2 lifts the limit. Browsers speak HTTP/2 with TLS alone.",
		"nginx": "listen 443 ssl http2; # since nginx 1.25.1: http2 on;",
		"haproxy": "bind :443 ssl crt /etc/haproxy/site.pem alpn h2,http/1.1",
		"caddy": "{\n    servers {\n        protocols h1 h2 h3\n    }\n}"
	},
	"buffered": {
		"severity": "problem",
		"title": "A proxy holds events back",
		"why": "Events arrive late and many at once, and a silent stream never begins. What holds them waits for a full buffer or for the end of the answer, which a stream does not have.",
		"nginx": "proxy_buffering off;\n# And without proxy_ignore_headers X-Accel-Buffering: nodes send it with the value no.",
		"haproxy": "option http-no-delay",
		"caddy": "reverse_proxy /events* node-1:8081 {\n    flush_interval -1\n}"
	},
	"compressed": {
		"severity": "problem",
		"title": "A proxy compresses the stream",
		"why": "Compression in a proxy costs memory and CPU for each stream, and holds events back until its buffer is full. Nodes that are configured to compress do it once for all streams.",
		"nginx": "gzip off;",
		"haproxy": "# Types that are named, and not text/event-stream:\ncompression type text/html text/css application/javascript application/json",
		"caddy": "@other not path /events*\nencode @other zstd gzip"
	},
	"idle-timeout": {
		"severity": "problem",
		"title": "A stream is cut when it is silent",
		"why": "Something on the way ends a connection that carries nothing for some seconds, which are fewer than those between two heartbeats of the node. Clients come back each time, and the cluster pays for each open. Load balancers and firewalls have such time-outs, too.",
		"nginx": "proxy_read_timeout 75s;\nproxy_send_timeout 24h;",
		"haproxy": "timeout server 75s\ntimeout client 24h",
		"caddy": "reverse_proxy /events* node-1:8081 {\n    transport http {\n        read_timeout 75s\n    }\n}"
	},
	"idle-margin": {
		"severity": "note",
		"title": "A silent stream is cut soon after a heartbeat is due",
		"why": "Something on the way ends a connection that carries nothing for some seconds, which are only a few more than those between two heartbeats of the node. Heartbeats prevent it as long as none is late.",
		"nginx": "proxy_read_timeout 75s;\nproxy_send_timeout 24h;",
		"haproxy": "timeout server 75s\ntimeout client 24h",
		"caddy": "reverse_proxy /events* node-1:8081 {\n    transport http {\n        read_timeout 75s\n    }\n}"
	},
	"age-limit": {
		"severity": "problem",
		"title": "A stream is cut although events flow",
		"why": "Something on the way limits how long an answer lasts, or how large it is. Clients come back each time. Gateways and platforms for functions have such limits; nginx and HAProxy end streams only some time after a reload.",
		"nginx": "# After a reload alone. Old workers, and their memory, stay as long as one stream lasts, at most so long:\nworker_shutdown_timeout 1h;",
		"haproxy": "# After a reload alone, in global. Old processes, and their memory, stay as long as one stream lasts, at most so long:\nhard-stop-after 1h",
		"caddy": "{\n    servers {\n        timeouts {\n            write 0\n        }\n    }\n}"
	},
	"authorization-lost": {
		"severity": "problem",
		"title": "The header Authorization does not reach the node",
		"why": "The token of the client library is in this header, so each stream is refused with 401.",
		"nginx": "proxy_set_header Authorization $http_authorization;",
		"haproxy": "# Without http-request del-header Authorization, or only elsewhere:\nhttp-request del-header Authorization if !{ path_beg /events }",
		"caddy": "reverse_proxy /events* node-1:8081 {\n    header_up Authorization {http.request.header.Authorization}\n}"
	},
	"last-event-id-lost": {
		"severity": "problem",
		"title": "The header Last-Event-ID does not reach the node",
		"why": "A client that comes back names by it the last message that it has. Without it the stream begins anew, and what was published meanwhile is missed.",
		"nginx": "proxy_set_header Last-Event-ID $http_last_event_id;",
		"haproxy": "# Without http-request del-header Last-Event-ID, or only elsewhere:\nhttp-request del-header Last-Event-ID if !{ path_beg /events }",
		"caddy": "reverse_proxy /events* node-1:8081 {\n    header_up Last-Event-ID {http.request.header.Last-Event-ID}\n}"
	},
	"cookie-lost": {
		"severity": "problem",
		"title": "Cookies do not reach the node",
		"why": "Pages that authenticate by the cookie `__Host-fanfare` are refused with 401. Pages that send a token are not affected.",
		"nginx": "proxy_set_header Cookie $http_cookie;",
		"haproxy": "# Without http-request del-header Cookie, or only elsewhere:\nhttp-request del-header Cookie if !{ path_beg /events }",
		"caddy": "reverse_proxy /events* node-1:8081 {\n    header_up Cookie {http.request.header.Cookie}\n}"
	},
	"cors-refused": {
		"severity": "problem",
		"title": "The origin of the page may not read the stream",
		"why": "The answer names no origin, or another one, in Access-Control-Allow-Origin. List the origin in fanfare.allowed-origins of the nodes, let the proxy pass this header on, and set it on what the proxy answers itself.",
		"nginx": "# Without proxy_hide_header Access-Control-Allow-Origin. On nginx's own answers:\nadd_header Access-Control-Allow-Origin $cors_origin always;\nadd_header Vary Origin always;",
		"haproxy": "# Without http-response del-header Access-Control-Allow-Origin, or only elsewhere:\nhttp-request set-var(txn.path) path\nhttp-response del-header Access-Control-Allow-Origin if !{ var(txn.path) -m beg /events }",
		"caddy": "# Without header_down -Access-Control-Allow-Origin:\nreverse_proxy /events* node-1:8081"
	},
	"preflight-refused": {
		"severity": "problem",
		"title": "The preflight request is refused",
		"why": "Before a page of another origin sends Authorization or Last-Event-ID, the browser asks by OPTIONS whether it may. The node answers 204; something on the way refuses the method or drops headers of the answer, so the browser sends nothing.",
		"nginx": "limit_except GET POST OPTIONS {\n    deny all;\n}",
		"haproxy": "http-request deny deny_status 405 if { path_beg /events } !{ method GET POST OPTIONS }",
		"caddy": "@streams {\n    path /events*\n    method GET POST OPTIONS\n}\nreverse_proxy @streams node-1:8081"
	},
	"clock-skew": {
		"severity": "problem",
		"title": "The clocks of client and node differ",
		"why": "Tokens are taken as expired, or as not yet valid, by one of the two. Set the clock of the one that is wrong (NTP); no proxy is to blame.",
		"nginx": null,
		"haproxy": null,
		"caddy": null
	},
	"heartbeats-too-rare": {
		"severity": "problem",
		"title": "Heartbeats are too rare",
		"why": "The client library takes a stream for dead after 60 s without a byte. Two heartbeats fit in only up to 30 s each, and a single one may be late. Set fanfare.connections.heartbeat to 30s or less; 15s is the default.",
		"nginx": null,
		"haproxy": null,
		"caddy": null
	},
	"cached": {
		"severity": "problem",
		"title": "A cache answers in place of the node",
		"why": "The stream is one that was sent to another request before. Messages are old, and those of one user may reach another.",
		"nginx": "proxy_cache off;",
		"haproxy": "http-request cache-use pages if !{ path_beg /events }",
		"caddy": null
	},
	"limited": {
		"severity": "problem",
		"title": "A limit of requests is reached",
		"why": "The node or a proxy answers 429. The doctor may have run too often just now: wait for a minute. If it persists, all clients may share one address, that of a proxy: let it send the client's address, and name it in fanfare.trusted-proxies.",
		"nginx": "proxy_set_header X-Forwarded-For $remote_addr;",
		"haproxy": "http-request set-header X-Forwarded-For %[src]",
		"caddy": "reverse_proxy /events* node-1:8081 {\n    header_up X-Forwarded-For {remote_host}\n}"
	},
	"drained": {
		"severity": "note",
		"title": "The node was stopped during the examination",
		"why": "A node that stops ends the doctor's streams early. What would have held them back or cut them later, such as in their silence, was not seen. Ask again.",
		"nginx": null,
		"haproxy": null,
		"caddy": null
	}
};
