package io.fanfare.local;

import java.time.Duration;

import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.process.RequiredTool;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A pool of connections, as Node.js keeps one, over which streams come and go. */
class KeepAliveIT {

	/**
	 * Opens a stream, asks for its end over the same pool, waits for that, and posts at
	 * once, over whatever connection the pool holds.
	 */
	private static final String PROGRAM = """
			const http = require('http');
			const [url, token] = process.argv.slice(1);
			const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
			const sockets = new Set();
			function post(body) {
				return new Promise((resolve, reject) => {
					const request = http.request(url + '/events/close', { agent, method: 'POST' }, (answer) => {
						answer.resume().on('end', () => resolve(answer.statusCode));
					});
					request.on('socket', (socket) => sockets.add(socket)).on('error', reject).end(body);
				});
			}
			function stream() {
				return new Promise((resolve, reject) => {
					const headers = { Authorization: 'Bearer ' + token };
					http.get(url + '/events', { agent, headers }, (answer) => {
						let text = '';
						const ended = new Promise((end) => answer.on('end', end));
						answer.on('data', (data) => {
							text += data;
							const id = /"key":"([^"]+)"/.exec(text);
							if (id) resolve({ id: id[1], ended });
						});
					}).on('error', reject);
				});
			}
			(async () => {
				const results = {};
				const count = (what) => { results[what] = (results[what] ?? 0) + 1; };
				for (let i = 0; i < 40; i++) {
					try {
						const { id, ended } = await stream();
						count(await post(JSON.stringify({ key: id })));
						await ended;
						count(await post(JSON.stringify({ key: id })));
					}
					catch (failure) {
						count(failure.code);
					}
				}
				agent.destroy();
				console.log(JSON.stringify(results), sockets.size);
			})();
			""";

	private final Cluster cluster = TestCluster.shared();

	@Test
	void postsOfAPoolSucceedWhereAStreamHasJustEnded() throws Exception {
		String direct = posts("http://127.0.0.1:" + this.cluster.streamPort(0));
		System.out.println("Posts and connections of a pool, to a node: " + direct);
		assertThat(direct).startsWith("{\"204\":80}");
	}

	@Test
	void soTheyDoThroughNginxWhichKeepsConnections() throws Exception {
		Assume.installed(RequiredTool.NGINX);
		try (NginxProcess nginx = TestCluster.nginx(this.cluster)) {
			String through = posts(nginx.url());
			System.out.println("Posts and connections of a pool, to nginx: " + through);
			assertThat(through).startsWith("{\"204\":80}");
			int connections = Integer.parseInt(through.substring(through.indexOf('}') + 1).strip());
			assertThat(connections).isLessThan(10);
		}
	}

	private String posts(String url) {
		return ChildProcess
			.command(Assume.installed(RequiredTool.NODE).toString(), "-e", PROGRAM, url,
					TestCluster.backend(this.cluster).token("pool"))
			.run(Duration.ofSeconds(30))
			.output()
			.strip();
	}

}
