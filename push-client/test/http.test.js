import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { connect, globals } from '../src/fanfare.js';

// Real time, real fetch, real sockets, and the BroadcastChannel of Node.js: tabs are environments of one process.

let server;
let address;
let serve;
const calls = [];

before(async () => {
	server = createServer(async (request, response) => {
		let body = '';
		for await (const chunk of request) {
			body += chunk;
		}
		if (request.method === 'POST') {
			calls.push({ url: request.url, type: request.headers['content-type'], body: JSON.parse(body) });
			response.writeHead(204).end();
		}
		else {
			serve(request, response);
		}
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	address = `http://127.0.0.1:${server.address().port}/events`;
});

after(() => {
	server.closeAllConnections();
	server.close();
});

const tab = () => ({ ...globals(), groups: new Map(), href: address, locks: undefined });

/** Looks until something holds, for 10 s. */
async function until(condition) {
	const end = Date.now() + 10_000;
	while (!condition()) {
		assert.ok(Date.now() < end, `did not hold: ${condition}`);
		await setTimeout(5);
	}
}

const connected = (id = '1800000000000-0') => `retry: 1\nid: ${id}\nevent: push.connected\ndata: {"key":"n.key","connection":"c","heartbeatMs":15000}\n\n`;

test('bytes that arrive in pieces are messages, and a stream that is cut is resumed', async () => {
	const requests = [];
	const text = 'data: {"text":"Grüße 🎺"}\r\n\r\n';
	serve = async (request, response) => {
		requests.push(request);
		response.writeHead(200, { 'Content-Type': 'text/event-stream;charset=utf-8' });
		const resumed = requests.length > 1;
		response.write(resumed ? connected('1800000000001-0') : connected());
		const bytes = Buffer.from(`id: 180000000000${resumed ? 2 : 1}-0\r\nevent: order\r\n${text}`);
		for (const byte of bytes) {
			response.write(Buffer.of(byte));
			await new Promise((resolve) => setImmediate(resolve));
		}
		if (!resumed) {
			response.destroy();
		}
	};
	const push = connect(address, { token: () => 'a.b.c', tabs: 'each', backoff: { min: 1, max: 2 } }, tab());
	const seen = [];
	push.on('order', (data, { id }) => seen.push([data.text, id]));
	await until(() => seen.length === 2);
	assert.deepEqual(seen, [['Grüße 🎺', '1800000000001-0'], ['Grüße 🎺', '1800000000002-0']]);
	assert.equal(requests[0].headers.authorization, 'Bearer a.b.c');
	assert.equal(requests[0].headers['last-event-id'], undefined);
	assert.equal(requests[1].headers['last-event-id'], '1800000000001-0');
	assert.ok(!requests.some(({ url }) => url.includes('a.b.c')));
	assert.deepEqual(new URL(requests[0].url, address).searchParams.get('ack'), '1');
	push.close();
	await until(() => requests[1].destroyed && calls.some(({ url, body }) => url === '/events/close' && body.key === 'n.key'));
});

test('events of elements that have names of the page\'s are not heeded', async () => {
	const { globals: fresh } = await import('../src/fanfare.js?page');
	const { addEventListener } = globalThis;
	const document = {};
	const heard = [];
	let listener;
	Object.assign(globalThis, { document, addEventListener: (type, added) => {
		listener = added;
	} });
	try {
		fresh().listen('freeze', (event) => heard.push(event.target), new AbortController().signal);
	}
	finally {
		Object.assign(globalThis, { addEventListener });
		delete globalThis.document;
	}
	[{}, globalThis, document].forEach((target) => listener({ target }));
	assert.deepEqual(heard, [globalThis, document]);
});

test('a probe is answered by a call that needs no preflight', async () => {
	serve = (request, response) => {
		response.writeHead(200, { 'Content-Type': 'text/event-stream' });
		response.write(`${connected()}id: 1800000000000-0\nevent: push.probe\ndata: {"nonce":"abc"}\n\n`);
	};
	const push = connect(address, { tabs: 'each' }, tab());
	const answer = () => calls.find(({ url, body }) => url === '/events/ack' && body.nonces.includes('abc'));
	await until(answer);
	assert.match(answer().type, /^text\/plain/);
	push.close();
});

test('tabs share a stream over a real channel, and go on when the one that leads closes', async () => {
	let opens = 0;
	let write;
	serve = (request, response) => {
		opens++;
		response.writeHead(200, { 'Content-Type': 'text/event-stream' });
		response.write(connected(request.headers['last-event-id']));
		write = (id) => response.write(`id: ${id}\nevent: order\ndata: ${opens}\n\n`);
	};
	const pages = [tab(), tab(), tab()].map((env) => connect(address, { token: () => 'a.b.c', user: 'alice' }, env));
	const seen = pages.map(() => []);
	pages.forEach((push, i) => push.on('order', (data, { id }) => seen[i].push(id)));
	await until(() => pages.every((push) => push.state.name === 'open' && push.stats().tabs === 3));
	assert.equal(opens, 1);
	write('1800000000005-0');
	await until(() => seen.every((ids) => ids.length === 1));
	const leader = pages.findIndex((push) => push.stats().connections[0].tab === push.stats().tab);
	pages[leader].close();
	await until(() => opens === 2);
	write('1800000000006-0');
	await until(() => seen.every((ids, i) => ids.length === 2 || i === leader));
	assert.deepEqual(seen, pages.map((_, i) => (i === leader ? ['1800000000005-0'] : ['1800000000005-0', '1800000000006-0'])));
	pages.forEach((push) => push.close());
});
