import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';

import { diagnose } from '../src/fanfare-doctor.js';

// A node that plays its script, and what may lie between: in one process, so that a stall delays both ends. Time runs ten times as fast.

const SPEED = 10;
const START = 1_800_000_000_000;
const PROBLEM = 'application/problem+json';
const STREAM = 'text/event-stream;charset=utf-8';

const now = () => START + performance.now() * SPEED;
const pause = (ms, signal) => sleep(ms / SPEED, undefined, { signal });

const environment = (changes = {}) => ({
	fetch: (...values) => fetch(...values),
	now,
	setTimeout: (run, ms) => setTimeout(run, ms / SPEED),
	clearTimeout,
	crypto,
	...changes
});

const problem = (response, status, name, headers = {}) => response.writeHead(status, { 'Content-Type': PROBLEM, ...headers })
	.end(JSON.stringify({ type: `https://fanfare.io/problems/${name}`, title: name, status }));

/** The node's stream, as docs/reference/stream.md has it; what is between takes its blocks. */
async function play({ headers, query }, { write, signal, node = {} }) {
	let n = 0;
	let sent = 0;
	const block = (event, more = {}) => {
		const data = JSON.stringify({ n: n++, at: Math.round(now() + (node.skew ?? 0)), sent, ...more });
		const text = `event: ${event}\ndata: ${data}\n\n`;
		sent += text.length;
		write(text);
	};
	const script = query.get('script');
	block('doctor.hello', { nonce: query.get('nonce'), script, node: 'node-1', heartbeatMs: node.heartbeatMs ?? 15_000, silenceMs: 20_000, request: {
		protocol: node.protocol ?? 'HTTP/1.1', authorization: Boolean(headers.authorization), lastEventId: headers['last-event-id'] ?? null,
		cookie: /\bfanfare-doctor=/.test(headers.cookie ?? ''), acceptEncoding: headers['accept-encoding'] ?? null, origin: null, host: headers.host } });
	if (script === 'steady') {
		for (let i = 0; i < 25; i++) {
			await pause(1_000, signal);
			block('doctor.tick');
		}
	}
	else {
		for (let i = 0; i < 12; i++) {
			await pause(250, signal);
			block('doctor.tick');
		}
		for (let i = 0; i < 16; i++) {
			await pause(100, signal);
			block('doctor.fill', { pad: 'x'.repeat(4_000) });
		}
		await pause(20_000, signal);
	}
	block('doctor.end');
}

/** Passes a stream on, as a proxy with these faults does. */
async function pass(request, response, { hold = 0, gzip, idle = Infinity, age = Infinity, cut = () => response.end(), node }) {
	const abort = new AbortController();
	response.on('close', () => abort.abort());
	response.writeHead(200, { 'Content-Type': STREAM, ...(gzip ? { 'Content-Encoding': 'gzip' } : {}) });
	response.flushHeaders();
	const compressed = gzip && createGzip();
	compressed?.pipe(response);
	const out = compressed ?? response;
	let held = '';
	let timer;
	const flush = () => {
		out.write(held || '');
		held = '';
	};
	const limit = (ms) => (ms === Infinity) ? undefined : setTimeout(() => {
		flush();
		abort.abort();
		cut();
	}, ms / SPEED);
	const old = limit(age);
	try {
		await play(request, { node, signal: abort.signal, write: (text) => {
			clearTimeout(timer);
			timer = limit(idle);
			held += text;
			if (held.length >= hold) {
				flush();
			}
		} });
		flush();
		out.end();
	}
	catch (failure) {
		assert.equal(failure.name, 'AbortError');
	}
	finally {
		clearTimeout(timer);
		clearTimeout(old);
	}
}

let server;
let origin;
const asked = [];

/** What the paths of the server have between: {request(headers, query), answer(response, query), …faults of pass}. */
const between = {
	'/events': {},
	'/buffers': { hold: 8_192 },
	'/to-the-end': { hold: Infinity },
	'/gzip': { gzip: true },
	'/idle': { idle: 5_000 },
	'/idle-reset': { idle: 5_000, cut: null },
	'/idle-buffers': { idle: 5_000, hold: 8_192 },
	'/age': { age: 12_000 },
	'/forgets': { idle: 5_000, cut: () => {} },
	'/no-authorization': { request: ({ headers }) => delete headers.authorization },
	'/no-last-event-id': { request: ({ headers }) => delete headers['last-event-id'] },
	'/no-cookie': { request: ({ headers }) => delete headers.cookie },
	'/no-query': { request: (request) => {
		request.query = new URLSearchParams();
	} },
	'/cache': { request: ({ query }) => query.get('script') && query.set('nonce', 'of-yesterday') },
	'/html': { answer: (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Welcome</h1>') },
	'/html-for-errors': { errors: (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Sorry</h1>') },
	'/own-401': { errors: (response, status) => (status === '401' ? response.writeHead(401, { 'Content-Type': 'text/html' }).end('<h1>Who?</h1>')
		: response.writeHead(200, { 'Content-Type': STREAM }).end('retry: 2000\n\n')) },
	'/away': { answer: (response) => response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>502</h1>') },
	'/come-back': { answer: (response) => response.writeHead(200, { 'Content-Type': STREAM }).end('retry: 5200\n\n') },
	'/limited': { answer: (response) => problem(response, 429, 'quota-exceeded') },
	'/one-limited': { answer: (response, query) => query.get('script') === 'steady' && problem(response, 429, 'quota-exceeded') },
	'/1.0': { answer: (response) => problem(response, 505, 'http-version-not-supported') },
	'/1.0-translated': { node: { protocol: 'HTTP/1.0' } },
	'/rare': { node: { heartbeatMs: 45_000 } },
	'/clock': { node: { skew: -8_000 } },
	'/hangs': { answer: () => true }
};

before(async () => {
	server = createServer((incoming, response) => {
		const { pathname, searchParams } = new URL(incoming.url, 'http://node');
		const { request: change, answer, errors, ...faults } = between[pathname];
		const request = { headers: { ...incoming.headers }, query: searchParams };
		asked.push({ path: pathname, ...structuredClone({ headers: request.headers, query: [...searchParams] }) });
		change?.(request);
		const { query } = request;
		if (answer?.(response, query)) {
			return;
		}
		if (query.get('doctor') !== '1') {
			problem(response, 401, 'missing-token');
		}
		else if (query.has('status')) {
			const status = query.get('status');
			if (!errors?.(response, status)) {
				problem(response, Number(status), 'doctor', { 'Fanfare-Doctor': query.get('nonce') });
			}
		}
		else {
			pass(request, response, { ...faults, ...(faults.cut === null ? { cut: () => response.destroy() } : {}) });
		}
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	origin = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
	server.closeAllConnections();
	server.close();
});

const ids = ({ findings }) => findings.map(({ id }) => id);

describe('what is between is named', { concurrency: 30 }, () => {
	const expected = {
		'/events': [],
		'/buffers': ['buffered'],
		'/to-the-end': ['buffered'],
		'/gzip': ['buffered', 'compressed'],
		'/idle': ['idle-timeout'],
		'/idle-reset': ['idle-timeout'],
		'/idle-buffers': ['buffered', 'idle-timeout'],
		'/age': ['age-limit'],
		'/forgets': ['idle-timeout'],
		'/no-authorization': ['authorization-lost'],
		'/no-last-event-id': ['last-event-id-lost'],
		'/no-cookie': ['cookie-lost'],
		'/no-query': ['query-lost'],
		'/cache': ['cached'],
		'/html': ['not-fanfare'],
		'/html-for-errors': ['status-replaced'],
		'/own-401': ['status-replaced'],
		'/away': ['unavailable'],
		'/come-back': ['unavailable'],
		'/limited': ['limited'],
		'/one-limited': ['limited'],
		'/1.0': ['http-1.0'],
		'/1.0-translated': ['http-1.0'],
		'/rare': ['heartbeats-too-rare'],
		'/clock': ['clock-skew'],
		'/hangs': ['unreachable']
	};
	for (const [path, findings] of Object.entries(expected)) {
		test(path, async () => {
			const began = now();
			const diagnosis = await diagnose(origin + path, {}, environment());
			assert.deepEqual(ids(diagnosis), findings, JSON.stringify(diagnosis, null, 1));
			assert.ok(now() - began < 40_000, `took ${now() - began} ms`);
		});
	}

	test('every fault has its row', () => {
		assert.deepEqual(Object.keys(expected).sort(), Object.keys(between).sort());
	});

	test('a port at which nothing listens', async () => {
		const other = createServer().listen(0, '127.0.0.1');
		await once(other, 'listening');
		const { port } = other.address();
		other.close();
		await once(other, 'close');
		assert.deepEqual(ids(await diagnose(`http://127.0.0.1:${port}/events`, {}, environment())), ['unreachable']);
	});
});

test('what was measured, and what mends it', { concurrency: true }, async (context) => {
	await Promise.all([
		context.test('a buffer', async () => {
			const { findings: [{ title, severity, why, detail, mend }], measured } = await diagnose(`${origin}/buffers`, {}, environment());
			assert.equal(severity, 'problem');
			assert.match(title, /holds events back/);
			assert.match(detail, /held back for up to \d/);
			assert.ok(why.length > 20);
			assert.match(mend.nginx, /^proxy_buffering off;/);
			assert.ok(measured.heldMs > 2_000, JSON.stringify(measured));
			assert.ok(measured.heldBytes > 1_000 && measured.heldBytes < 12_000, JSON.stringify(measured));
		}),
		context.test('a silence', async () => {
			const { findings: [{ detail }], measured } = await diagnose(`${origin}/idle`, {}, environment());
			assert.ok(Math.abs(measured.cutAfterSilenceMs - 5_000) < 1_000, JSON.stringify(measured));
			assert.match(detail, /after \d.* of silence; the node sends a heartbeat each 15 s/);
		})
	]);
});

test('nothing of an address but its path is sent, and no credential', async () => {
	asked.length = 0;
	const { url } = await diagnose(`${origin.replace('//', '//name:secret@')}/html?access_token=secret#secret`, {}, environment());
	assert.equal(url, `${origin}/html`);
	assert.equal(asked.length, 4);
	assert.ok(!JSON.stringify(asked).includes('secret'));
	assert.deepEqual([...new Set(asked.map(({ headers }) => headers.authorization))].sort(), ['Bearer doctor', undefined]);
	const nonces = asked.map(({ query }) => Object.fromEntries(query).nonce);
	assert.equal(new Set(nonces).size, 4);
	nonces.forEach((nonce) => assert.match(nonce, /^[\w-]{1,32}$/));
});

test('progress is shown, and the run can be given up', async () => {
	const seen = [];
	const abort = new AbortController();
	await assert.rejects(diagnose(`${origin}/events`, { signal: abort.signal, onProgress: (progress) => {
		seen.push(progress);
		if (progress.elapsedMs > 3_000) {
			abort.abort();
		}
	} }, environment()), { name: 'AbortError' });
	assert.ok(seen.length > 3);
	assert.deepEqual([...seen].sort((one, other) => one.elapsedMs - other.elapsedMs), seen);
	assert.ok(seen.every(({ elapsedMs, totalMs }) => elapsedMs < 10_000 && totalMs >= 25_000));
	await assert.rejects(diagnose(`${origin}/events`, { signal: abort.signal }, environment()), { name: 'AbortError' });
});

test('what is no address is refused', async () => {
	await assert.rejects(diagnose('events', {}, environment()), TypeError);
	await assert.rejects(diagnose('ftp://push.example/events', {}, environment()), TypeError);
});

describe('in a browser', { concurrency: true }, () => {

	class Observer {

		static supportedEntryTypes = ['resource'];

		constructor(listener) {
			this.listener = listener;
		}

		observe({ type }) {
			assert.equal(type, 'resource');
		}

		takeRecords() {
			return ['https://elsewhere.example/', ...Object.keys(between).map((path) => `${origin}${path}?doctor=1`)]
				.map((name) => ({ name, nextHopProtocol: name.startsWith(origin) ? 'http/1.1' : 'h3' }));
		}

		disconnect() {
		}

	}

	/** A browser whose page has this address; cookies go with requests of the same origin, as the browser does it. */
	const browser = (href, refuses = () => false) => {
		const cookies = new Map();
		const requests = [];
		return environment({
			href,
			requests,
			cookies,
			document: {
				get cookie() {
					return [...cookies].map((pair) => pair.join('=')).join('; ');
				},
				set cookie(text) {
					const [, name, value] = /^([^=]+)=([^;]*)/.exec(text);
					if (/max-age=0/.test(text)) {
						cookies.delete(name);
					}
					else {
						cookies.set(name, value);
					}
				}
			},
			PerformanceObserver: Observer,
			fetch: async (address, init) => {
				requests.push([address, init]);
				assert.equal(init.headers?.Cookie, undefined);
				if (refuses(address, init)) {
					throw new TypeError('Failed to fetch');
				}
				const cookie = (init.credentials === 'same-origin') ? { Cookie: [...cookies].map((pair) => pair.join('=')).join('; ') } : {};
				const { mode, ...rest } = init;
				const answer = await fetch(address, { ...rest, headers: { ...init.headers, ...cookie } });
				const shown = (init.credentials === 'omit') ? { 'Content-Type': answer.headers.get('content-type') } : answer.headers;
				return new Response(answer.body, { status: answer.status, headers: shown });
			}
		});
	};

	test('of the same origin the cookie is judged, and taken away', async () => {
		const env = browser(`${origin}/page`);
		assert.deepEqual(ids(await diagnose('/events', {}, env)), ['http-1.1']);
		assert.equal(env.cookies.size, 0);
		assert.ok(env.requests.every(([, { credentials }]) => credentials === 'same-origin'));
		const lost = await diagnose('/no-cookie', {}, browser(`${origin}/page`));
		assert.deepEqual(ids(lost), ['http-1.1', 'cookie-lost']);
		assert.equal(lost.measured.protocol, 'http/1.1');
	});

	test('of another origin no cookie is sent, and it is not judged', async () => {
		const env = browser('https://app.example/');
		assert.deepEqual(ids(await diagnose(`${origin}/no-cookie`, {}, env)), ['http-1.1']);
		assert.ok(env.requests.every(([, { credentials }]) => credentials === 'omit'));
	});

	test('CORS, a preflight and a dead address are told apart', async () => {
		const other = (refuses) => diagnose(`${origin}/events`, {}, browser('https://app.example/', refuses));
		const [cors, preflight, dead] = await Promise.all([
			other((address, { mode }) => mode !== 'no-cors'),
			other((address, { headers, mode }) => mode !== 'no-cors' && headers?.Authorization),
			other(() => true)
		]);
		assert.deepEqual(ids(cors), ['cors-refused']);
		assert.deepEqual(ids(preflight), ['preflight-refused']);
		assert.deepEqual(ids(dead), ['unreachable']);
	});

	test('errors without headers of CORS', async () => {
		const diagnosis = await diagnose(`${origin}/events`, {}, browser('https://app.example/', (address) => address.includes('status=401')));
		assert.deepEqual(ids(diagnosis), ['http-1.1', 'cors-refused']);
	});
});
