import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { diagnose } from '../src/fanfare-doctor.js';

// A node that plays its script, and what may lie between, on real sockets. Time is one of its own for both ends: it leaps to what is due
// next when everything that was sent has arrived, so a slow machine changes nothing.

const PROBLEM = 'application/problem+json';
const STREAM = 'text/event-stream;charset=utf-8';
const IDLE_TURNS = 20; // of the event loop, for what promises do

let time = 1_800_000_000_000;
let activity = 0;
let timer = 0;
const timers = new Map();
/** Bytes, requests and ends that were sent and have not arrived, by address. */
const owed = new Map();

function owe(url, what) {
	activity++;
	owed.set(url, new Set([...owed.get(url) ?? [], what]));
}

function arrived(url, ...what) {
	activity++;
	what.forEach((one) => owed.get(url)?.delete(one));
	if (!what.length || !owed.get(url)?.size) {
		owed.delete(url);
	}
}

const now = () => time;

function setTimer(run, ms) {
	timers.set(++timer, { at: time + ms, run });
	return timer;
}

const clearTimer = (id) => timers.delete(id);

const pause = (ms, signal) => new Promise((resolve, reject) => {
	const id = setTimer(resolve, ms);
	signal.addEventListener('abort', () => {
		clearTimer(id);
		reject(signal.reason);
	});
});

async function quiet() {
	for (let idle = 0; idle < IDLE_TURNS;) {
		const before = activity;
		await new Promise(setImmediate);
		idle = (activity === before && owed.size === 0) ? idle + 1 : 0;
	}
}

/** Lets time pass until a promise is settled. */
async function drive(promise) {
	let settled = false;
	promise.catch(() => {}).finally(() => {
		settled = true;
	});
	for (;;) {
		await quiet();
		if (settled) {
			return promise;
		}
		const [id, { at, run }] = [...timers].reduce((first, other) => (other[1].at < first[1].at) ? other : first);
		timers.delete(id);
		time = Math.max(time, at);
		run();
	}
}

/** Reads what arrives, and notes that it did. */
async function observed(address, init) {
	const url = address.slice(new URL(address).origin.length);
	owe(url, 'request');
	init.signal.addEventListener('abort', () => arrived(url));
	const answer = await fetch(address, init).finally(() => arrived(url, 'request'));
	const reader = answer.body.getReader();
	let read = 0;
	const body = new ReadableStream({
		async pull(controller) {
			try {
				const { done, value } = await reader.read();
				if (done) {
					arrived(url);
					controller.close();
				}
				else {
					for (const byte of value) {
						read += 1;
						if (byte === 10) {
							arrived(url, read);
						}
					}
					controller.enqueue(value);
				}
			}
			catch (failure) {
				arrived(url);
				controller.error(failure);
			}
		}
	}, { highWaterMark: 0 });
	return new Response(body, { status: answer.status, headers: answer.headers });
}

const environment = (changes = {}) => ({ fetch: observed, now, setTimeout: setTimer, clearTimeout: clearTimer, crypto, ...changes });

const examine = (url, options = {}, env = environment()) => drive(diagnose(url, options, env));

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
		await pause(node.drain ?? 20_000, signal);
		if (node.drain) {
			block('doctor.end', { reason: 'drain' });
			return;
		}
	}
	block('doctor.end', { reason: 'done' });
}

/** Passes a stream on, as a proxy with these faults does. */
async function pass(request, response, { hold = 0, gzip, idle = Infinity, age = Infinity, cut = (to) => to.end(), node }) {
	const abort = new AbortController();
	response.on('close', () => abort.abort());
	response.writeHead(200, { 'Content-Type': STREAM, ...(gzip ? { 'Content-Encoding': 'gzip' } : {}) });
	response.flushHeaders();
	let held = '';
	let sent = 0;
	let silence;
	const flush = () => {
		if (held && !gzip) {
			sent += held.length;
			owe(request.url, sent);
			response.write(held);
			held = '';
		}
	};
	const limit = (ms) => (ms === Infinity) ? undefined : setTimer(() => {
		flush();
		abort.abort();
		cut(response, request.url);
	}, ms);
	const old = limit(age);
	try {
		await play(request, { node, signal: abort.signal, write: (text) => {
			clearTimer(silence);
			silence = limit(idle);
			held += text;
			if (held.length >= hold) {
				flush();
			}
		} });
		flush();
		owe(request.url, 'end');
		response.end(gzip ? gzipSync(held) : undefined);
	}
	catch (failure) {
		assert.equal(failure.name, 'AbortError');
	}
	finally {
		clearTimer(silence);
		clearTimer(old);
	}
}

let server;
let origin;
const asked = [];

/** What the paths of the server have between: {request(headers, query), answer(response, query, url), …faults of pass}. */
const between = {
	'/events': {},
	'/buffers': { hold: 8_192 },
	'/to-the-end': { hold: Infinity },
	'/gzip': { gzip: true },
	'/idle': { idle: 5_000 },
	'/idle-reset': { idle: 5_000, cut: (to) => to.destroy() },
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
	'/clock': { node: { skew: -60_000 } },
	'/drains': { node: { drain: 4_000 } },
	'/gives-up': { answer: (response, query, url) => query.has('script') && setTimer(() => {
		owe(url, 'end');
		response.writeHead(504, { 'Content-Type': 'text/html' }).end('<h1>504</h1>');
	}, 15_000) },
	'/hangs': { answer: () => true }
};

before(async () => {
	server = createServer((incoming, response) => {
		const { pathname, searchParams } = new URL(incoming.url, 'http://node');
		const { request: change, answer, errors, ...faults } = between[pathname];
		const request = { url: incoming.url, headers: { ...incoming.headers }, query: searchParams };
		arrived(incoming.url, 'request');
		asked.push({ path: pathname, ...structuredClone({ headers: request.headers, query: [...searchParams] }) });
		change?.(request);
		const { query } = request;
		if (answer?.(response, query, request.url)) {
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
			pass(request, response, faults);
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

describe('what is between is named', () => {
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
		'/drains': ['drained'],
		'/gives-up': ['buffered'],
		'/hangs': ['unreachable']
	};
	for (const [path, findings] of Object.entries(expected)) {
		test(path, async () => {
			const began = now();
			const diagnosis = await examine(origin + path);
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
		assert.deepEqual(ids(await examine(`http://127.0.0.1:${port}/events`)), ['unreachable']);
	});
});

test('what was measured, and what mends it', async () => {
	const { findings: [{ title, severity, why, detail, mend }], measured } = await examine(`${origin}/buffers`);
	assert.equal(severity, 'problem');
	assert.match(title, /holds events back/);
	assert.match(detail, /held back for up to 3.2 s, until about \d+ bytes/);
	assert.ok(why.length > 20);
	assert.match(mend.nginx, /^proxy_buffering off;/);
	assert.equal(measured.heldMs, 3_200);
	assert.ok(measured.heldBytes > 4_000 && measured.heldBytes < 8_192, JSON.stringify(measured));

	const silent = await examine(`${origin}/idle`);
	assert.equal(silent.measured.cutAfterSilenceMs, 5_000);
	assert.match(silent.findings[0].detail, /after 5 s of silence; the node sends a heartbeat each 15 s/);
	assert.equal((await examine(`${origin}/age`)).measured.cutAfterMs, 12_000);
	assert.equal((await examine(`${origin}/clock`)).measured.skewMs, 60_000);
});

test('nothing of an address but its path is sent, and no credential', async () => {
	asked.length = 0;
	const { url } = await examine(`${origin.replace('//', '//name:secret@')}/html?access_token=secret#secret`);
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
	await assert.rejects(examine(`${origin}/events`, { signal: abort.signal, onProgress: (progress) => {
		seen.push(progress);
		if (progress.elapsedMs === 3_000) {
			abort.abort();
		}
	} }), { name: 'AbortError' });
	assert.deepEqual(seen, [0, 500, 1_000, 1_500, 2_000, 2_500, 3_000].map((elapsedMs) => ({ elapsedMs, totalMs: 25_000 })));
	assert.equal(timers.size, 0);
	await assert.rejects(examine(`${origin}/events`, { signal: abort.signal }), { name: 'AbortError' });
});

describe('a server that never ends costs no memory', () => {

	const PIECE = 16 * 1024;

	/** Answers all requests with these pieces, the last of them again and again; counts what was read of each answer. */
	const endless = (status, type, ...pieces) => {
		const read = [];
		const fetch = async (address, { signal }) => {
			const index = read.push(0) - 1;
			let next = 0;
			return new Response(new ReadableStream({
				pull(controller) {
					activity++;
					signal.throwIfAborted();
					const piece = new TextEncoder().encode(pieces[Math.min(next++, pieces.length - 1)]);
					read[index] += piece.length;
					controller.enqueue(piece);
				}
			}, { highWaterMark: 0 }), { status, headers: { 'Content-Type': type } });
		};
		return { env: environment({ fetch }), read };
	};

	const hello = (more) => `event: doctor.hello\ndata: ${JSON.stringify({ n: 0, at: now(), sent: 0, nonce: 'x'.repeat(5_000),
		node: { a: 'b' }, heartbeatMs: 15_000, silenceMs: 1e12, junk: 'x'.repeat(5_000),
		request: { protocol: 'HTTP/1.1', lastEventId: 'y'.repeat(5_000), cookie: 'z', more: 'x' }, ...more })}\n\n`;

	for (const [name, ...pieces] of [
		['blocks', hello(), `event: doctor.tick\ndata: {"n":1,"at":1800000000000,"sent":1}\n\n`.repeat(200)],
		['blocks of another name', `event: ${'e'.repeat(500)}\ndata: {}\n\n`.repeat(30)],
		['a line', 'data: '.padEnd(PIECE, 'x')],
		['a block', `data: ${'x'.repeat(PIECE)}\n`],
		['comments', `:${' '.repeat(PIECE)}\n`]
	]) {
		test(name, async () => {
			const { env, read } = endless(200, STREAM, ...pieces);
			const { observations: { streams } } = await examine('https://push.example/events', {}, env);
			assert.ok(Math.max(...read) <= 1_100_000, `read ${read}`);
			for (const { blocks, hello: said } of Object.values(streams)) {
				assert.ok(blocks.length <= 200, `${blocks.length} blocks`);
				assert.ok(JSON.stringify([blocks, said]).length < 50_000);
			}
		});
	}

	test('a block alone ends it', async () => {
		const { env, read } = endless(200, STREAM, `data: ${'x'.repeat(PIECE)}\n`);
		assert.deepEqual(ids(await examine('https://push.example/events', {}, env)), ['not-fanfare']);
		assert.ok(Math.max(...read) <= 6 * PIECE, `read ${read}`);
	});

	test('a problem document', async () => {
		const { env, read } = endless(401, PROBLEM, `{"type":"${'x'.repeat(PIECE)}`, 'x'.repeat(PIECE));
		await examine('https://push.example/events', {}, env);
		assert.ok(Math.max(...read) <= 3 * PIECE, `read ${read}`);
	});

	test('of a hello only what the doctor uses', async () => {
		const { env } = endless(200, STREAM, hello());
		const { observations: { streams: { pace } } } = await examine('https://push.example/events', {}, env);
		const { at, ...said } = pace.hello;
		assert.deepEqual(said, { nonce: 'x'.repeat(100), script: null, node: null, heartbeatMs: 15_000, silenceMs: 1e12,
			request: { protocol: 'HTTP/1.1', authorization: false, lastEventId: 'y'.repeat(100), cookie: false } });
		for (const request of [null, {}, [], { protocol: null }, { protocol: {} }]) {
			const other = endless(200, STREAM, hello({ request }));
			assert.deepEqual(ids(await examine('https://push.example/events', {}, other.env)), ['not-fanfare'], JSON.stringify(request));
		}
	});
});

test('a clock that is set meanwhile changes no duration', async () => {
	const { fetch } = globalThis;
	const { now: clock } = Date;
	let ahead = 0;
	Date.now = () => clock() + (ahead += 3_600_000);
	globalThis.fetch = async () => new Response('', { status: 404 });
	try {
		const { observations: { streams } } = await diagnose('https://push.example/events');
		Object.values(streams).forEach(({ requested, ended }) => assert.ok(ended - requested < 60_000, `${ended - requested} ms`));
	}
	finally {
		globalThis.fetch = fetch;
		Date.now = clock;
	}
});

test('what is no address is refused', async () => {
	await assert.rejects(diagnose('events', {}, environment()), TypeError);
	await assert.rejects(diagnose('ftp://push.example/events', {}, environment()), TypeError);
});

describe('in a browser', () => {

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
				const answer = await observed(address, { ...rest, headers: { ...init.headers, ...cookie } });
				const shown = (init.credentials === 'omit') ? { 'Content-Type': answer.headers.get('content-type') } : answer.headers;
				return new Response(answer.body, { status: answer.status, headers: shown });
			}
		});
	};

	test('of the same origin the cookie is judged, and taken away', async () => {
		const env = browser(`${origin}/page`);
		assert.deepEqual(ids(await examine('/events', {}, env)), ['http-1.1']);
		assert.equal(env.cookies.size, 0);
		assert.ok(env.requests.every(([, { credentials }]) => credentials === 'same-origin'));
		const lost = await examine('/no-cookie', {}, browser(`${origin}/page`));
		assert.deepEqual(ids(lost), ['http-1.1', 'cookie-lost']);
		assert.equal(lost.measured.protocol, 'http/1.1');
	});

	test('of another origin no cookie is sent, and it is not judged', async () => {
		const env = browser('https://app.example/');
		assert.deepEqual(ids(await examine(`${origin}/no-cookie`, {}, env)), ['http-1.1']);
		assert.ok(env.requests.every(([, { credentials }]) => credentials === 'omit'));
	});

	test('CORS, a preflight and a dead address are told apart', async () => {
		const other = (refuses) => examine(`${origin}/events`, {}, browser('https://app.example/', refuses));
		assert.deepEqual(ids(await other((address, { mode }) => mode !== 'no-cors')), ['cors-refused']);
		assert.deepEqual(ids(await other((address, { headers, mode }) => mode !== 'no-cors' && headers?.Authorization)), ['preflight-refused']);
		assert.deepEqual(ids(await other(() => true)), ['unreachable']);
	});

	test('a stream that is refused late is asked about no longer than there is time', async () => {
		const began = now();
		const env = browser('https://app.example/', () => true);
		env.fetch = async (address, { signal }) => {
			await pause(address.includes('script=') ? 37_000 : 60_000, signal);
			throw new TypeError('Failed to fetch');
		};
		assert.deepEqual(ids(await examine(`${origin}/events`, {}, env)), ['unreachable']);
		assert.ok(now() - began < 40_000, `took ${now() - began} ms`);
	});

	test('errors without headers of CORS', async () => {
		const diagnosis = await examine(`${origin}/events`, {}, browser('https://app.example/', (address) => address.includes('status=401')));
		assert.deepEqual(ids(diagnosis), ['http-1.1', 'cors-refused']);
	});
});
